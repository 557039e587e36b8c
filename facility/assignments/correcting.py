"""Set the past of a cell right, with a reason: refused where it would overlap, audited before and after."""

from datetime import datetime

from pydantic import Field
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction
from facility.acting.fields import CodeText, FormModel, Moment, OptionalMoment, Reason
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid, NotFound
from facility.acting.user_messages import message
from facility.assignments.assigning import ASSIGNABLE, audit_values, locked_cells, not_runnable, run
from facility.assignments.views import AssignmentView, by_cell, read_assignment
from facility.experiments.changing import locked
from schemas.tables import Assignment, Cell, Experiment
from storage.database import Sessions


class Correction(FormModel):
    """When an assignment really started and ended, and why this is set right only now."""

    started_at: Moment
    ended_at: OptionalMoment = None
    reason: Reason


class BackDated(Correction):
    """An assignment entered afterwards; open (`ended_at` omitted) where it still lasts."""

    experiment: int = Field(ge=1, le=2**31 - 1)
    cell: CodeText


class Withdrawal(FormModel):
    """Why an assignment never was."""

    reason: Reason


def correct(sessions: Sessions, actor: Actor, number: int, correction: Correction) -> AssignmentView:
    """Change when an assignment started or ended; overlaps and the future are refused."""
    with act_transaction(sessions, actor, Act.ASSIGNMENT_CORRECT) as context:
        experiment = _experiment(context.session, number)
        row, cell = _held(context.session, number)
        before = audit_values(row)
        if correction.ended_at is None and experiment.state not in ASSIGNABLE:
            raise not_runnable(experiment, "ended_at")
        _check_times(context, cell, correction, but=row.id)
        if correction.ended_at is None:
            run(context, experiment)
        row.started_at, row.ended_at = correction.started_at, correction.ended_at
        context.session.flush()
        context.record("cell", cell.code, before, audit_values(row) | {"reason": correction.reason})
        return read_assignment(context.session, row.id)


def assign_back_dated(sessions: Sessions, actor: Actor, form: BackDated) -> AssignmentView:
    """Add an assignment of the past."""
    with act_transaction(sessions, actor, Act.ASSIGNMENT_CORRECT) as context:
        experiment = locked(context.session, form.experiment)
        if form.ended_at is None and experiment.state not in ASSIGNABLE:
            raise not_runnable(experiment)
        cell = locked_cells(context.session, [form.cell])[form.cell]
        _check_times(context, cell, form, but=0)
        if form.ended_at is None:
            run(context, experiment)
        added = Assignment(
            cell_id=cell.id, experiment_id=experiment.id, started_at=form.started_at, ended_at=form.ended_at
        )
        context.session.add(added)
        context.session.flush()
        context.record("cell", cell.code, None, audit_values(added) | {"reason": form.reason})
        return read_assignment(context.session, added.id)


def withdraw(sessions: Sessions, actor: Actor, number: int, form: Withdrawal) -> AssignmentView:
    """Take back an assignment that never was, with a reason; the audit keeps how it stood."""
    with act_transaction(sessions, actor, Act.ASSIGNMENT_WITHDRAW) as context:
        row, cell = _held(context.session, number)
        withdrawn = read_assignment(context.session, row.id)
        context.record("cell", cell.code, audit_values(row), {"reason": form.reason})
        context.session.delete(row)
        return withdrawn


def _experiment(session: Session, number: int) -> Experiment:
    """Return the experiment of an assignment, locked before the cell as every act does."""
    found = session.get(Assignment, number)
    if found is None:
        raise NotFound(message("There is no such assignment."))
    return locked(session, found.experiment_id)


def _held(session: Session, number: int) -> tuple[Assignment, Cell]:
    """Return an assignment and its cell, the cell locked and the assignment read after that."""
    found = session.get(Assignment, number)
    if found is None:
        raise NotFound(message("There is no such assignment."))
    cell = session.get(Cell, found.cell_id, with_for_update=True)
    row = session.get(Assignment, number, populate_existing=True)
    if row is None or cell is None:
        raise NotFound(message("There is no such assignment."))
    return row, cell


def _check_times(context: ActContext, cell: Cell, corrected: Correction, but: int) -> None:
    start, end = corrected.started_at, corrected.ended_at
    if start > context.at:
        raise Invalid({"started_at": message("An assignment cannot start in the future: plan it in the experiment.")})
    if end is not None and end > context.at:
        raise Invalid({"ended_at": message("An assignment cannot end in the future.")})
    if end is not None and end <= start:
        raise Invalid({"ended_at": message("The end is before the start.")})
    for other in by_cell(context.session, cell.code):
        if other.id != but and overlaps(start, end, other.started_at, other.ended_at):
            raise Invalid({"started_at": message("The cell held {code} at that time.", code=other.experiment.code)})


def overlaps(start: datetime, end: datetime | None, other_start: datetime, other_end: datetime | None) -> bool:
    """Return whether two assignments of a cell would share time; None lasts for ever."""
    return (end is None or other_start < end) and (other_end is None or start < other_end)
