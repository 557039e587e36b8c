"""Alarm rules as people set them: for everything, or for a parameter, a cell, an experiment; each change audited.

Where nobody set anything the site file's defaults hold, and an experiment's own limits while it holds the cell.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, StringConstraints
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, act_transaction
from facility.acting.fields import CLEAN, ONE_LINE, FormModel
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import UserMessage, message
from schemas.messages import Code
from schemas.site import Site
from schemas.tables import AlarmRule, Cell, Experiment, Parameter, Person
from storage.database import Sessions
from telemetry.alarms.definitions import Definition, Watched, level_of, levels_of
from telemetry.alarms.rules import RuleError, Severity

# What people may set: the conditions of cells. Those of units and services are the same everywhere.
Settable = Literal[
    "deviation", "low", "high", "rate", "frozen", "no_value", "no_data", "implausible", "open", "no_effect",
    "odd_one_out",
]  # fmt: skip
# Nobody waits longer for an alarm.
LONGEST_DELAY = timedelta(days=7)
# Words and link together are an alarm's guidance, of at most 1000 characters.
Words = Annotated[str, StringConstraints(max_length=490), CLEAN]
Link = Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://\S+)?$"), CLEAN, ONE_LINE]


class RuleChange(FormModel):
    """One level of a rule. `threshold` and `delay` (seconds) as `telemetry.alarms.definitions.Definition` has them.

    `version` is that of the rule that it changes; without it there must be none yet.
    """

    kind: Settable
    severity: Severity
    parameter: Code | None = None
    cell: Code | None = None
    experiment: int | None = None
    threshold: FiniteFloat = 0
    delay: FiniteFloat = Field(default=0, ge=0, le=LONGEST_DELAY.total_seconds())
    enabled: bool = True
    guidance_fr: Words = ""
    guidance_en: Words = ""
    link: Link = ""
    version: int | None = None


class RuleView(FormModel):
    """A rule as it is stored; `by` is who changed it last."""

    id: int
    kind: Settable
    severity: Severity
    parameter: str | None
    cell: str | None
    experiment: int | None
    threshold: float
    delay: float
    enabled: bool
    guidance_fr: str
    guidance_en: str
    link: str
    version: int
    by: str | None


def list_rules(session: Session, cell: str | None = None) -> list[RuleView]:
    """Return what people set, oldest first; with a cell only what may concern it."""
    rows = session.execute(_rows()).all()
    return [
        _view(session, row, parameter, code) for row, parameter, code in rows if cell is None or code in {None, cell}
    ]


def definitions_of(session: Session) -> tuple[Definition, ...]:
    """Return what people set, as the rules are made of it."""
    return tuple(_definition(row, parameter, cell) for row, parameter, cell in session.execute(_rows()))


def levels_in_force(session: Session, site: Site, cell: str, experiment: int | None = None) -> list[Definition]:
    """Return the levels that hold in a cell by the site's defaults and what people set, for a page that shows them."""
    return [
        level
        for levels in levels_of(site, cell, definitions_of(session), experiment=experiment).values()
        for level in levels
    ]


def set_rule(sessions: Sessions, actor: Actor, site: Site, change: RuleChange) -> RuleView:
    """Set one level of a rule; raise Invalid for one that makes no sense, Conflict where it changed meanwhile."""
    try:
        with act_transaction(sessions, actor, Act.ALARM_RULE_CHANGE) as context:
            session = context.session
            parameter, cell = _place(session, site, change)
            row = session.scalar(select(AlarmRule).where(AlarmRule.scope == _scope(change)).with_for_update())
            if (None if row is None else row.version) != change.version:
                current = None if row is None else _view(session, row, change.parameter, change.cell)
                raise Conflict(message("Somebody else changed this rule in the meantime."), current)
            _check(session, site, change)
            before = None if row is None else _audited(row, change.parameter, change.cell)
            if row is None:
                row = AlarmRule(
                    scope=_scope(change),
                    kind=change.kind,
                    severity=change.severity,
                    parameter_id=parameter,
                    cell_id=cell,
                    experiment_id=change.experiment,
                    version=0,
                )
                session.add(row)
            row.threshold, row.delay, row.enabled = change.threshold, change.delay, change.enabled
            row.guidance_fr, row.guidance_en, row.link = change.guidance_fr, change.guidance_en, change.link
            row.version += 1
            row.changed_at, row.changed_by = context.at, actor.id
            session.flush()
            context.record("alarm_rule", row.scope, before, _audited(row, change.parameter, change.cell))
            return _view(session, row, change.parameter, change.cell)
    except IntegrityError as error:
        raise Conflict(message("Somebody else changed this rule in the meantime.")) from error


def reset_rule(sessions: Sessions, actor: Actor, rule: int, version: int) -> None:
    """Forget what people set, so that the default holds again."""
    with act_transaction(sessions, actor, Act.ALARM_RULE_CHANGE) as context:
        found = context.session.execute(_rows().where(AlarmRule.id == rule).with_for_update(of=AlarmRule)).one_or_none()
        if found is None:
            raise NotFound(message("There is no such rule."))
        row, parameter, cell = found
        if row.version != version:
            raise Conflict(
                message("Somebody else changed this rule in the meantime."),
                _view(context.session, row, parameter, cell),
            )
        context.record("alarm_rule", row.scope, _audited(row, parameter, cell), None)
        context.session.delete(row)


def _rows() -> Select[AlarmRule, str | None, str | None]:
    return (
        select(AlarmRule, Parameter.code, Cell.code)
        .outerjoin(Parameter, Parameter.id == AlarmRule.parameter_id)
        .outerjoin(Cell, Cell.id == AlarmRule.cell_id)
        .order_by(AlarmRule.id)
    )


def _place(session: Session, site: Site, change: RuleChange) -> tuple[int | None, int | None]:
    """Return the numbers of parameter and cell; raise Invalid where one is unknown or the cell lacks the parameter."""
    faults: dict[str, UserMessage] = {}
    parameter = cell = None
    if change.cell is not None:
        cell = session.scalar(select(Cell.id).where(Cell.code == change.cell))
        if cell is None or change.cell not in site.unit_of_cell:
            faults["cell"] = message("No cell is called {code}.", code=change.cell)
    if change.parameter is not None:
        parameter = session.scalar(select(Parameter.id).where(Parameter.code == change.parameter))
        if parameter is None or change.parameter not in site.parameter_by_code:
            faults["parameter"] = message("No parameter is called {code}.", code=change.parameter)
        elif cell is not None and change.parameter not in {one.code for one in site.parameters_of(change.cell or "")}:
            faults["parameter"] = message("Cell {cell} has no {code}.", cell=change.cell, code=change.parameter)
    if (change.kind == "no_data") != (change.parameter is None):
        faults["parameter"] = (
            message("Silence is that of a whole cell: no parameter.")
            if change.kind == "no_data"
            else message("Required.")
        )
    if change.experiment is not None and session.get(Experiment, change.experiment) is None:
        faults["experiment"] = message("There is no such experiment.")
    if faults:
        raise Invalid(faults)
    return parameter, cell


def _check(session: Session, site: Site, change: RuleChange) -> None:
    """Raise Invalid where the rule contradicts itself or its like, in any of the cells that it concerns."""
    if change.kind in {"deviation", "odd_one_out"} and change.parameter not in site.setpoint_by_measured:
        raise Invalid({"kind": message("This parameter has no setpoint to deviate from.")})
    if change.kind == "no_effect" and site.parameter_by_code[change.parameter or ""].command_of is None:
        raise Invalid({"kind": message("Only a command can be without effect.")})
    wanted = Definition(
        change.kind,
        change.severity,
        change.threshold,
        timedelta(seconds=change.delay),
        change.parameter,
        change.cell,
        change.experiment,
        change.enabled,
    )
    try:
        level_of(wanted)
    except RuleError as error:
        raise Invalid({"threshold": message("The threshold must be greater than 0.")}) from error
    concerned = [change.cell] if change.cell is not None else [
        cell
        for cell in site.unit_of_cell
        if change.parameter is None or change.parameter in {one.code for one in site.parameters_of(cell)}
    ]  # fmt: skip
    definitions = [*definitions_of(session), wanted]
    for cell in concerned:
        levels = levels_of(site, cell, definitions, experiment=change.experiment)
        measures = [level_of(one).threshold for one in levels[Watched(change.kind, change.parameter)] if one.enabled]
        if measures != sorted(measures):
            raise Invalid({"threshold": message("A graver severity cannot have the narrower threshold.")})
        low = [one.threshold for one in levels.get(Watched("low", change.parameter), ()) if one.enabled]
        high = [one.threshold for one in levels.get(Watched("high", change.parameter), ()) if one.enabled]
        if low and high and max(low) >= min(high):
            raise Invalid({"threshold": message("The lower limit must be below the upper one.")})


def _definition(row: AlarmRule, parameter: str | None, cell: str | None) -> Definition:
    french, english = row.guidance_fr or row.guidance_en, row.guidance_en or row.guidance_fr
    words = (f"{french} {row.link}".strip(), f"{english} {row.link}".strip())
    return Definition(
        row.kind,  # type: ignore[arg-type] # written by `set_rule` alone, which checks it
        row.severity,  # type: ignore[arg-type] # likewise
        row.threshold,
        timedelta(seconds=row.delay),
        parameter,
        cell,
        row.experiment_id,
        row.enabled,
        words if any(words) else None,
    )


def _scope(change: RuleChange) -> str:
    place = (change.parameter or "*", change.cell or "*", str(change.experiment or "*"))
    return "/".join((change.kind, change.severity, *place))


def _audited(row: AlarmRule, parameter: str | None, cell: str | None) -> dict[str, object]:
    return {
        "kind": row.kind,
        "severity": row.severity,
        "parameter": parameter,
        "cell": cell,
        "experiment": row.experiment_id,
        "threshold": row.threshold,
        "delay": row.delay,
        "enabled": row.enabled,
        "guidance_fr": row.guidance_fr,
        "guidance_en": row.guidance_en,
        "link": row.link,
    }


def _view(session: Session, row: AlarmRule, parameter: str | None, cell: str | None) -> RuleView:
    person = None if row.changed_by is None else session.get(Person, row.changed_by)
    return RuleView.model_validate(
        {**_audited(row, parameter, cell), "id": row.id, "version": row.version, "by": person and person.name}
    )
