"""What a note is about, looked up: the cell, its parameter, the experiment that was there."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from facility.acting.refusals import Invalid, NotFound
from facility.acting.user_messages import message
from schemas.tables import Assignment, Cell, Parameter, Series


def cell_number(session: Session, code: str, *, lock: bool = False) -> int:
    """Return a cell's number, with `lock` held until the transaction ends; raise NotFound."""
    statement = select(Cell.id).where(Cell.code == code)
    number = session.scalar(statement.with_for_update() if lock else statement)
    if number is None:
        raise NotFound(message("There is no cell {codes}.", codes=code))
    return number


def parameter_number(session: Session, cell: int, code: str) -> int:
    """Return the number of a parameter that the cell has; raise Invalid for another."""
    statement = select(Parameter.id).join(Series, Series.parameter_id == Parameter.id)
    number = session.scalar(statement.where(Series.cell_id == cell, Parameter.code == code))
    if number is None:
        raise Invalid({"parameter": message("This cell has no parameter {code}.", code=code)})
    return number


def experiment_at(session: Session, cell: int, at: datetime) -> int | None:
    """Return the number of the experiment that the cell held at an instant; None for a free cell."""
    later = or_(Assignment.ended_at.is_(None), Assignment.ended_at > at)
    return session.scalar(
        select(Assignment.experiment_id).where(Assignment.cell_id == cell, Assignment.started_at <= at, later)
    )
