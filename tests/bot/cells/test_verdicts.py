"""The bot gives the judge's verdicts: on live values, on stored ones, and where nothing is known."""

from datetime import timedelta

from bot.cells.verdicts import describe, show, without_limit, word
from bot.live import Live
from bot.texts import Texts, read_catalogue
from schemas import times, topics
from schemas.messages import ParameterLimits, Reading
from schemas.picture import Latest
from schemas.site import Site
from telemetry.judging import judge_presence
from tests.telemetry.cases import CASES, CELL, NOW, UNIT, Case, T, ago

FRENCH = Texts(read_catalogue(), "fr")


def live(site: Site, case: Case) -> Live:
    known = Live(site)
    known.connected = True
    known.cells[CELL] = case.latest
    if case.presence_status is not None:
        known.units[UNIT] = case.presence_status
    return known


async def test_the_bot_gives_the_same_verdicts(site: Site) -> None:
    for case in CASES:
        known, verdict = live(site, case), case.verdict(site)
        assert judge_presence(known.units.get(UNIT), None, NOW) == judge_presence(case.presence_status, None, NOW)
        for parameter in site.parameters_of(CELL):
            own = case.experiment.limits.get(parameter.code) if case.experiment else None
            shown = show(site, known, CELL, parameter, NOW, own=own)
            assert shown.verdict == verdict.values[parameter.code], f"{case.name}: {parameter.code}"
            assert describe(shown, parameter, FRENCH)
            assert word(shown, FRENCH)


async def test_what_is_stored_and_what_is_not_known(site: Site) -> None:
    parameter = site.parameter_by_code[T]
    away = Live(site)
    assert show(site, away, CELL, parameter, NOW, database=False).state == "unknown"
    assert show(site, away, CELL, parameter, NOW).state == "no_data"
    stored = show(site, away, CELL, parameter, NOW, stored=Latest(NOW, 18.0))
    assert (stored.state, stored.stored) == ("ok", True)
    # What the database knows later, and its flag of the same instant, count.
    away.cells[CELL] = {T: Latest(ago(20), 17.0)}
    later = show(site, away, CELL, parameter, NOW, stored=Latest(NOW, 18.0)).verdict
    assert later is not None
    assert later.value == 18.0
    assert show(site, away, CELL, parameter, NOW, stored=Latest(ago(20), 17.0, 3)).state == "suspect"
    # A stored value ahead of the clock does not hide the live one.
    assert show(site, away, CELL, parameter, NOW, stored=Latest(ago(-7200), 18.0, 1)).state == "ok"


async def test_a_limit_is_named_unless_it_is_another_s(site: Site) -> None:
    parameter = site.parameter_by_code["o2"]
    known = Live(site)
    known.cells[CELL] = {"o2": Latest(NOW, 17.0)}
    shown = show(site, known, CELL, parameter, NOW, own=ParameterLimits(low=19, severity="critical"))
    assert describe(shown, parameter, FRENCH) == "🚨 trop bas (< 19,00 %)"
    assert describe(without_limit(shown), parameter, FRENCH) == "🚨 trop bas"


async def test_nonsense_and_late_readings_change_nothing(site: Site) -> None:
    known, now = Live(site), times.now()
    topic = topics.readings("ecolab-1", "E1C1")
    known.take(topic, Reading(observed_at=now, values={"co2": 400.0}).to_json())
    for payload in (b"", b"{", b"[]", b"null", b'{"observed_at": "x", "values": {}}', b"\xff\xfe"):
        known.take(topic, payload)
        known.take(topics.alarm("E1C1", "x"), payload or b"0")
        known.take(topics.service_status("bot"), payload)
    known.take(topic, Reading(observed_at=now - timedelta(minutes=10), values={"co2": 1.0}).to_json())
    assert known.cells["E1C1"]["co2"] == Latest(now, 400.0)
    # A value from the future gives way to the next right one.
    known.take(topic, Reading(observed_at=now + timedelta(days=1), values={"co2": 9.0}).to_json())
    assert known.cells["E1C1"]["co2"].quality == 1
    known.take(topic, Reading(observed_at=now + timedelta(seconds=1), values={"co2": 401.0}).to_json())
    assert known.cells["E1C1"]["co2"].value == 401.0
    assert not known.alarms
