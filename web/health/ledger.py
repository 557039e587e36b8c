"""The ledger: every reading that a publisher numbered is stored, rejected, or waits in its outbox."""

from pydantic import BaseModel

from schemas.messages import Instant
from schemas.picture import Picture
from storage.database import Sessions
from telemetry import queries


class Account(BaseModel):
    """A publisher's readings: assigned = stored + rejected + waiting + unaccounted.

    `unaccounted` is 0 but for moments in which the two sides were not counted at the same instant. It and `waiting`
    are null while the publisher is not there to say what its outbox holds.
    """

    unit: str
    publisher: str
    assigned: int
    stored: int
    rejected: int
    waiting: int | None
    unaccounted: int | None
    repeated: int
    last_stored_at: Instant


def read_ledger(sessions: Sessions, picture: Picture) -> list[Account]:
    """Return the account of every outbox that ever sent: the database's side and what the publishers say."""
    present = {one.status.publisher: one.status for one in picture.units.values() if one.status.publisher is not None}
    found = []
    with sessions() as session:
        for unit, publisher, last, stored, rejected, repeated, seen_at in session.execute(queries.accounts()):
            status = present.get(publisher)
            waiting = None if status is None else status.waiting
            assigned = max(last, 0 if status is None else status.sequence or 0)
            found.append(
                Account(
                    unit=unit,
                    publisher=publisher,
                    assigned=assigned,
                    stored=stored,
                    rejected=rejected,
                    waiting=waiting,
                    unaccounted=None if waiting is None else max(0, assigned - stored - rejected - waiting),
                    repeated=repeated,
                    last_stored_at=seen_at,
                )
            )
    return found
