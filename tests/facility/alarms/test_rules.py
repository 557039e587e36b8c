"""Rules as people set them: checked, audited, versioned, and back to the default."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select

from facility.acting.acts import Actor, command
from facility.acting.permissions import Role
from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound
from facility.alarms.rules import RuleChange, definitions_of, levels_in_force, list_rules, reset_rule, set_rule
from schemas.site import Site
from schemas.tables import AuditEvent
from storage.database import Sessions, write_sessions
from telemetry.alarms.definitions import Watched, rules_of_cell

ADMIN = command("test")


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return write_sessions(engine)


def change(**values: Any) -> RuleChange:
    given = {"kind": "high", "severity": "warning", "parameter": "co2", "cell": "E1C1", "threshold": 900, "delay": 60}
    return RuleChange.model_validate(given | values)


def test_a_rule_is_set_changed_and_reset_with_its_audit(sessions: Sessions, site: Site) -> None:
    words = {
        "guidance_fr": "Fermer la bouteille.",
        "guidance_en": "Close the bottle.",
        "link": "https://example.org/co2",
    }
    first = set_rule(sessions, ADMIN, site, change(**words))
    second = set_rule(sessions, ADMIN, site, change(threshold=1000, version=first.version))
    assert (second.id, second.version, second.threshold, second.guidance_fr) == (first.id, 2, 1000, "")
    with pytest.raises(Conflict) as refused:
        set_rule(sessions, ADMIN, site, change(threshold=1, version=first.version))
    assert refused.value.current == second
    with pytest.raises(Conflict):
        set_rule(sessions, ADMIN, site, change(threshold=1))
    with sessions() as session:
        assert list_rules(session, "E1C2") == []
        assert list_rules(session, "E1C1") == [second]
        assert Watched("high", "co2") in rules_of_cell(site, "E1C1", definitions_of(session))
        assert Watched("high", "co2") not in rules_of_cell(site, "E1C2", definitions_of(session))
        assert "high" in {one.kind for one in levels_in_force(session, site, "E1C1")}
    with pytest.raises(Conflict):
        reset_rule(sessions, ADMIN, second.id, 1)
    reset_rule(sessions, ADMIN, second.id, 2)
    with pytest.raises(NotFound):
        reset_rule(sessions, ADMIN, second.id, 2)
    with sessions() as session:
        assert list_rules(session) == []
        audit = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(one.act, (one.before or {}).get("threshold"), (one.after or {}).get("threshold")) for one in audit] == [
        ("alarm.rule", None, 900), ("alarm.rule", 900, 1000), ("alarm.rule", 1000, None),
    ]  # fmt: skip


def test_guidance_and_link_are_told_with_the_alarm(sessions: Sessions, site: Site) -> None:
    set_rule(sessions, ADMIN, site, change(guidance_fr="Fermer.", link="https://example.org/co2"))
    with sessions() as session:
        rule = rules_of_cell(site, "E1C1", definitions_of(session))[Watched("high", "co2")]
    assert rule.guidance == ("Fermer. https://example.org/co2", "Fermer. https://example.org/co2")


def test_one_severity_is_overridden_and_the_others_stay(sessions: Sessions, site: Site) -> None:
    set_rule(
        sessions, ADMIN, site, change(kind="deviation", parameter="air_temperature", threshold=2, delay=60)
    )  # fmt: skip
    with sessions() as session:
        rule = rules_of_cell(site, "E1C1", definitions_of(session))[Watched("deviation", "air_temperature")]
        other = rules_of_cell(site, "E1C2", definitions_of(session))[Watched("deviation", "air_temperature")]
    assert [(level.severity, level.threshold) for level in rule.levels] == [("warning", 2), ("major", 3)]
    assert [(level.severity, level.threshold) for level in other.levels] == [("warning", 1), ("major", 3)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"cell": "E9C9"}, "cell"),
        ({"parameter": "humour"}, "parameter"),
        ({"parameter": None}, "parameter"),
        ({"kind": "no_data"}, "parameter"),
        ({"experiment": 4711}, "experiment"),
        ({"kind": "deviation"}, None),
        ({"kind": "deviation", "parameter": "par", "threshold": 3}, "kind"),
        ({"kind": "deviation", "parameter": "air_temperature", "threshold": 0}, "threshold"),
        ({"kind": "deviation", "parameter": "air_temperature", "threshold": 4}, "threshold"),
        ({"kind": "rate", "threshold": -1}, "threshold"),
        ({"kind": "no_effect"}, "kind"),
        ({"kind": "low", "threshold": 900}, "threshold"),
    ],
)
def test_what_makes_no_sense_is_refused(
    values: dict[str, Any], field: str | None, sessions: Sessions, site: Site
) -> None:
    set_rule(sessions, ADMIN, site, change(severity="major", threshold=850, delay=0))
    if field is None:
        set_rule(sessions, ADMIN, site, change(**values))
        return
    with pytest.raises(Invalid) as refused:
        set_rule(sessions, ADMIN, site, change(**values))
    assert set(refused.value.faults) == {field}
    with sessions() as session:
        assert len(list_rules(session)) == 1


@pytest.mark.parametrize(
    "values",
    [{"delay": -1}, {"delay": 1e9}, {"guidance_en": "x" * 491}, {"link": "javascript:alert(1)"}, {"threshold": "nan"}],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        change(**values)


def test_a_member_may_not_change_rules(sessions: Sessions, site: Site) -> None:
    member = Actor(None, "mia", "Mia", Role.MEMBER, "web")
    with pytest.raises(Forbidden):
        set_rule(sessions, member, site, change())
