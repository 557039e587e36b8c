"""One leader among several watchdogs: a lease in the database, by the database's clock."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas import times
from schemas.tables import Lease
from storage.database import Sessions

NAME = "watchdog"
# A second watchdog takes over within this time and one look.
LASTS = timedelta(seconds=5)


class NotLeading(Exception):  # noqa: N818 - it says what happened
    """Another watchdog leads: what was seen is not written."""


class Leadership:
    """Whether this process leads. Renewed by each look; lost when it was silent for longer than the lease lasts."""

    def __init__(self, sessions: Sessions, holder: str) -> None:
        self._sessions, self._holder = sessions, holder

    def renew(self) -> bool:
        """Take the lease or make it last longer; tell whether this process leads."""
        try:
            with self._sessions() as session, session.begin():
                return self.take(session)
        except IntegrityError:
            # Another process made the row first.
            return False

    def take(self, session: Session) -> bool:
        """As `renew`, in the caller's transaction."""
        now = database_now(session)
        row = session.get(Lease, NAME, with_for_update=True)
        if row is None:
            session.add(Lease(name=NAME, holder=self._holder, expires_at=now + LASTS))
            return True
        if row.holder != self._holder and row.expires_at > now:
            return False
        row.holder, row.expires_at = self._holder, now + LASTS
        return True

    def require(self, session: Session) -> None:
        """Raise NotLeading unless this process holds the lease; no other can take it before this transaction ends."""
        row = session.get(Lease, NAME, with_for_update=True)
        if row is None or row.holder != self._holder:
            raise NotLeading

    def resign(self) -> None:
        """Give the lease back at the end, so that another need not wait for it."""
        with self._sessions() as session, session.begin():
            row = session.get(Lease, NAME, with_for_update=True)
            if row is not None and row.holder == self._holder:
                row.expires_at = database_now(session)


def database_now(session: Session) -> datetime:
    """Return the database's own time: the clocks of two servers may differ, the lease needs one."""
    if session.get_bind().dialect.name == "sqlite":
        return times.now()
    found: datetime = session.execute(text("SELECT UTC_TIMESTAMP(3)")).scalar_one()
    return found.replace(tzinfo=UTC)
