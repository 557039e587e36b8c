"""Callbacks after a commit that changed rows of certain tables, wherever in the process it was made."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from schemas.tables.base import Base
from storage.database import Sessions


def on_commit(sessions: Sessions, tables: set[type[Base]], changed: Callable[[], None]) -> None:
    """Call `changed`, in the thread that commits, after each commit of these sessions that changed one of the tables.

    Objects count, and statements for a whole table; a transaction that is rolled back does not.
    """
    names = {table.__tablename__ for table in tables}
    mark = object()

    def flushed(session: Session, context: Any) -> None:
        del context
        if any(
            isinstance(item, tuple(tables)) for held in (session.new, session.dirty, session.deleted) for item in held
        ):
            session.info[mark] = True

    def executed(state: ORMExecuteState) -> None:
        if not state.is_select and getattr(getattr(state.statement, "table", None), "name", None) in names:
            state.session.info[mark] = True

    def committed(session: Session) -> None:
        if session.info.pop(mark, False):
            changed()

    def rolled_back(session: Session) -> None:
        session.info.pop(mark, None)

    event.listen(sessions, "after_flush", flushed)
    event.listen(sessions, "do_orm_execute", executed)
    event.listen(sessions, "after_commit", committed)
    event.listen(sessions, "after_rollback", rolled_back)
