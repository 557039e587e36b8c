"""Which experiment a cell holds. Every act locks its cells first, in order; the database refuses a second open one.

An assignment starts now; the past is set right in `correcting`. The future is planned in the experiment (its cells
and days), because plans may overlap and assignments may not.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import message
from facility.assignments.views import AssignmentView, occupants, read_assignment
from facility.experiments.changing import INSTANT, locked
from facility.experiments.drafts import EXPERIMENT_STATE_LABELS
from schemas.tables import Assignment, Cell, Experiment
from storage.database import Sessions

# States in which an experiment may be put into a cell; `planned` becomes `running` by it.
ASSIGNABLE = ("planned", "running")


def assign(
    sessions: Sessions,
    actor: Actor,
    experiment_id: int,
    cells: Sequence[str],
    *,
    replacing: Mapping[str, int | None] | None = None,
) -> list[AssignmentView]:
    """Put an experiment into cells now, in place of what they hold: all of them or, when one is refused, none.

    `replacing` says what the person saw in each cell: raise Conflict where it holds something else by now.
    """
    with act_transaction(sessions, actor, Act.ASSIGN) as context:
        experiment = _runnable(context, experiment_id)
        rows = locked_cells(context.session, cells)
        holding = _open(context.session, rows)
        for code, expected in (replacing or {}).items():
            found = holding.get(code)
            if code in rows and (None if found is None else found.experiment_id) != expected:
                raise _overtaken(context.session, found, code)
        return [_start(context, experiment, row, holding.get(code)) for code, row in rows.items()]


def assign_free(
    sessions: Sessions, actor: Actor, experiment_id: int, cells: Sequence[str] | None = None
) -> list[AssignmentView]:
    """Put an experiment into those of the cells (all, where none are named) that are free; occupied ones stay."""
    with act_transaction(sessions, actor, Act.ASSIGN) as context:
        experiment = _runnable(context, experiment_id)
        rows = locked_cells(context.session, cells)
        holding = _open(context.session, rows)
        free = {code: row for code, row in rows.items() if code not in holding}
        if not free:
            raise Conflict(message("No cell is free."))
        return [_start(context, experiment, row, None) for row in free.values()]


def unassign(sessions: Sessions, actor: Actor, cell: str, *, experiment_id: int | None = None) -> AssignmentView:
    """End what a cell holds, without successor; `experiment_id` is what the person saw there."""
    return unassign_several(sessions, actor, [cell], experiment_id=experiment_id)[0]


def unassign_several(
    sessions: Sessions, actor: Actor, cells: Sequence[str], *, experiment_id: int | None = None
) -> list[AssignmentView]:
    """End what the cells hold, without successor: in all of them or, when one is refused, in none."""
    with act_transaction(sessions, actor, Act.UNASSIGN) as context:
        rows = locked_cells(context.session, cells)
        holding = _open(context.session, rows)
        for code in rows:
            current = holding.get(code)
            if current is None:
                raise Conflict(message("Cell {cell} is already free.", cell=code))
            if experiment_id is not None and current.experiment_id != experiment_id:
                raise _overtaken(context.session, current, code)
        for code, current in holding.items():
            _end(context, current)
            context.record("cell", code, audit_values(current), {"experiment": None})
        return occupants(context.session, holding.values())


def _runnable(context: ActContext, number: int) -> Experiment:
    experiment = locked(context.session, number)
    if experiment.state not in ASSIGNABLE:
        raise not_runnable(experiment)
    return experiment


def not_runnable(experiment: Experiment, field: str = "experiment") -> Invalid:
    state = EXPERIMENT_STATE_LABELS[experiment.state]
    return Invalid({field: message("An experiment that is {state} cannot be put into a cell.", state=state)})


def run(context: ActContext, experiment: Experiment) -> None:
    """Make a planned experiment a running one: its first assignment does."""
    if experiment.state == "planned":
        experiment.state, experiment.version, experiment.updated_at = "running", experiment.version + 1, context.at
        context.record("experiment", experiment.id, {"state": "planned"}, {"state": "running"}, act=Act.EXPERIMENT_MOVE)


def locked_cells(session: Session, codes: Iterable[str] | None) -> dict[str, Cell]:
    """Return these cells, or all, locked in the order of their numbers so that two acts never wait crosswise."""
    statement = select(Cell).where(Cell.retired_at.is_(None)).order_by(Cell.id).with_for_update()
    if codes is not None:
        codes = list(dict.fromkeys(codes))
        if not codes:
            raise Invalid({"cells": message("Choose a cell.")})
        statement = statement.where(Cell.code.in_(codes))
    rows = {row.code: row for row in session.scalars(statement)}
    if missing := [code for code in codes or () if code not in rows]:
        raise NotFound(message("There is no cell {codes}.", codes=", ".join(missing)))
    return rows


def _open(session: Session, cells: Mapping[str, Cell]) -> dict[str, Assignment]:
    codes = {row.id: code for code, row in cells.items()}
    rows = session.scalars(select(Assignment).where(Assignment.cell_id.in_(codes), Assignment.ended_at.is_(None)))
    return {codes[row.cell_id]: row for row in rows}


def _start(context: ActContext, experiment: Experiment, cell: Cell, previous: Assignment | None) -> AssignmentView:
    if previous is not None and previous.experiment_id == experiment.id:
        return read_assignment(context.session, previous.id)
    run(context, experiment)
    at = context.at
    if previous is not None:
        _end(context, previous)
        at = previous.ended_at or at
    else:
        at = _after_last(context, cell)
    row = Assignment(cell_id=cell.id, experiment_id=experiment.id, started_at=at)
    context.session.add(row)
    context.session.flush()
    context.record("cell", cell.code, None if previous is None else audit_values(previous), audit_values(row))
    return read_assignment(context.session, row.id)


def _after_last(context: ActContext, cell: Cell) -> datetime:
    """Return now, or the end of the last assignment where it ended within this same millisecond."""
    last = context.session.scalar(
        select(Assignment.ended_at).where(Assignment.cell_id == cell.id).order_by(Assignment.started_at.desc()).limit(1)
    )
    return context.at if last is None else max(context.at, last)


def _end(context: ActContext, row: Assignment) -> None:
    """Write the end first: two open ones at once would be refused."""
    row.ended_at = max(context.at, row.started_at + INSTANT)
    context.session.flush()


def _overtaken(session: Session, found: Assignment | None, code: str) -> Conflict:
    if found is None:
        return Conflict(message("Cell {cell} is free now.", cell=code))
    current = occupants(session, [found])[0]
    return Conflict(message("Cell {cell} now holds {code}.", cell=code, code=current.experiment.code), current)


def audit_values(row: Assignment) -> dict[str, Any]:
    ended = None if row.ended_at is None else row.ended_at.isoformat(timespec="milliseconds")
    started = row.started_at.isoformat(timespec="milliseconds")
    return {"assignment": row.id, "experiment": row.experiment_id, "started_at": started, "ended_at": ended}
