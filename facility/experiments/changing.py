"""Experiments: made, changed without losing anybody's change, moved from state to state."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction
from facility.acting.fields import fold
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import UserMessage, message
from facility.experiments.drafts import EXPERIMENT_STATE_LABELS, ExperimentChange, ExperimentDraft, check_whole
from facility.experiments.views import ExperimentView, read_experiment, snapshot
from schemas.tables import Assignment, Cell, Experiment, ExperimentCell, ExperimentParameter, Parameter
from storage.database import Sessions

# From each state to those that may follow. `planned` becomes `running` also by the first assignment.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "draft": ("planned", "archived"),
    "planned": ("draft", "running", "archived"),
    "running": ("ended",),
    "ended": ("running", "archived"),
    "archived": ("ended", "draft"),
}
# The least time that the tables can tell apart: no assignment ends when it starts.
INSTANT = timedelta(milliseconds=1)
# The title first: lists are sorted by what is made of them.
_TEXTS = ("title", "code", "team", "scientific_contact", "technical_contact", "description", "objective")


def create_experiment(sessions: Sessions, actor: Actor, draft: ExperimentDraft) -> ExperimentView:
    """Make an experiment, as a draft or already planned."""
    check_whole(draft)
    values = draft.model_dump(exclude={"cells", "parameters"})
    try:
        with act_transaction(sessions, actor, Act.EXPERIMENT_CREATE) as context:
            _refuse_taken(context.session, draft.code, but=0)
            row = Experiment(
                **values,
                version=1,
                folded="",
                created_at=context.at,
                created_by=context.actor.id,
                updated_at=context.at,
            )
            row.folded = _folded(row)
            context.session.add(row)
            context.session.flush()
            _keep_lists(context.session, row.id, draft.model_dump())
            return _recorded(context, row, None)
    except IntegrityError as error:
        raise _taken(error) from error


def change_experiment(sessions: Sessions, actor: Actor, number: int, change: ExperimentChange) -> ExperimentView:
    """Change what is given; raise Conflict with the present experiment when `version` is not the newest.

    Ending an experiment ends its open assignments in the same transaction.
    """
    given = change.model_fields_set - {"version"}
    new_values = {name: value for name, value in change.model_dump().items() if name in given}
    try:
        with act_transaction(sessions, actor, Act.EXPERIMENT_CHANGE) as context:
            row = locked(context.session, number, change.version)
            before = snapshot(context.session, row)
            _check_state(before["state"], new_values)
            check_whole(_whole(before, new_values))
            if "code" in new_values:
                _refuse_taken(context.session, new_values["code"], but=row.id)
            for name, value in new_values.items():
                if name not in {"cells", "parameters"}:
                    setattr(row, name, value)
            if row.state == "ended" and before["state"] != "ended":
                _end_assignments(context, row.id)
            row.folded = _folded(row)
            _keep_lists(context.session, row.id, new_values)
            return _recorded(context, row, before)
    except IntegrityError as error:
        raise _taken(error) from error


def locked(session: Session, number: int, version: int | None = None) -> Experiment:
    """Return the experiment and hold it until the transaction ends; a `version` must be the newest."""
    row = session.get(Experiment, number, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(message("There is no such experiment."))
    if version is not None and row.version != version:
        raise Conflict(message("Somebody else changed this experiment in the meantime."), read_experiment(session, row))
    return row


def _check_state(now: str, new_values: dict[str, Any]) -> None:
    then = new_values.get("state", now)
    if then is None:
        raise Invalid({"state": message("Required.")})
    if then != now and then not in TRANSITIONS[now]:
        text = message(
            "An experiment that is {now} cannot become {then}.",
            now=EXPERIMENT_STATE_LABELS[now],
            then=EXPERIMENT_STATE_LABELS[then],
        )
        raise Invalid({"state": text})


def _end_assignments(context: ActContext, experiment_id: int) -> None:
    ours = Assignment.experiment_id == experiment_id
    still = Assignment.ended_at.is_(None)
    # The cells first and in order, as every act on assignments does: two such acts wait, they never collide.
    current_cells = select(Assignment.cell_id).where(ours, still)
    context.session.execute(select(Cell.id).where(Cell.id.in_(current_cells)).order_by(Cell.id).with_for_update())
    for assignment, code in context.session.execute(
        select(Assignment, Cell.code).join(Cell, Cell.id == Assignment.cell_id).where(ours, still)
    ).all():
        assignment.ended_at = max(context.at, assignment.started_at + INSTANT)
        context.record("cell", code, {"experiment": experiment_id}, {"experiment": None}, act=Act.UNASSIGN)


def _recorded(context: ActContext, row: Experiment, before: dict[str, Any] | None) -> ExperimentView:
    """Write the audit line if anything changed, raise the version, return how it is now."""
    context.session.flush()
    after = snapshot(context.session, row)
    if before is None:
        context.record("experiment", row.id, None, after)
    elif before != after:
        row.version += 1
        row.updated_at = context.at
        names = [name for name in after if before[name] != after[name]]
        act = Act.EXPERIMENT_MOVE if names == ["state"] else Act.EXPERIMENT_CHANGE
        context.record("experiment", row.id, {n: before[n] for n in names}, {n: after[n] for n in names}, act=act)
    context.session.flush()
    return read_experiment(context.session, row)


def _keep_lists(session: Session, number: int, new_values: Mapping[str, Any]) -> None:
    """Replace the planned cells and the parameters, where they are given."""
    faults: dict[str, UserMessage] = {}
    if "cells" in new_values:
        cells = {row.code: row.id for row in session.scalars(select(Cell).where(Cell.retired_at.is_(None)))}
        if unknown := [code for code in new_values["cells"] if code not in cells]:
            faults["cells"] = message("There is no cell {codes}.", codes=", ".join(unknown))
        else:
            session.execute(delete(ExperimentCell).where(ExperimentCell.experiment_id == number))
            session.add_all(
                ExperimentCell(experiment_id=number, cell_id=cells[code]) for code in dict.fromkeys(new_values["cells"])
            )
    if "parameters" in new_values:
        known = {row.code: row for row in session.scalars(select(Parameter).where(Parameter.retired_at.is_(None)))}
        paired = {row.setpoint_of for row in known.values()}
        for position, item in enumerate(new_values["parameters"]):
            if item["parameter"] not in known:
                faults[f"parameters.{position}.parameter"] = message(
                    "There is no parameter {code}.", code=item["parameter"]
                )
            elif item["deviation"] is not None and item["parameter"] not in paired:
                faults[f"parameters.{position}.deviation"] = message(
                    "This parameter has no setpoint: give lowest and highest values."
                )
        if not faults:
            session.execute(delete(ExperimentParameter).where(ExperimentParameter.experiment_id == number))
            session.add_all(
                ExperimentParameter(
                    experiment_id=number,
                    parameter_id=known[item["parameter"]].id,
                    **{name: value for name, value in item.items() if name != "parameter"},
                )
                for item in new_values["parameters"]
            )
    if faults:
        raise Invalid(faults)


def _whole(before: Mapping[str, Any], new_values: Mapping[str, Any]) -> ExperimentDraft:
    """Return the experiment as it would be: a change is checked against what it leaves in place."""
    return ExperimentDraft.model_construct(**(dict(before) | dict(new_values)))


def _folded(row: Experiment) -> str:
    return fold(" ".join(getattr(row, name) for name in _TEXTS))


def _refuse_taken(session: Session, code: str, but: int) -> None:
    if session.scalar(select(Experiment.id).where(Experiment.code == code, Experiment.id != but)) is not None:
        raise Invalid({"code": message("Another experiment has this code.")})


def _taken(error: IntegrityError) -> Exception:
    """Raise Invalid where the code was taken between the check and the write."""
    named = str(error.orig)
    if "uq_experiment_code" in named or "experiment.code" in named:
        return Invalid({"code": message("Another experiment has this code.")})
    return error
