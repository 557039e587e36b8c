"""The ledger: every reading that a publisher numbered is stored, rejected, or waits in its outbox."""

from pydantic import BaseModel

from schemas.messages import Instant
from schemas.picture import Picture
from storage.database import Reads
from telemetry import queries
from telemetry.ledger import Balance


class Account(BaseModel):
    """A publisher's readings: assigned = stored + rejected + waiting + unaccounted.

    `unaccounted` is 0 but for moments in which the two sides were not counted at the same instant: positive where
    readings are missing, negative where some were counted twice. It and `waiting` are null while the publisher is not
    there to say what its outbox holds. `fault` says in words what is wrong for certain.
    """

    unit: str
    publisher: str
    assigned: int
    stored: int
    rejected: int
    waiting: int | None
    unaccounted: int | None
    fault: str | None
    repeated: int
    last_stored_at: Instant


def read_ledger(sessions: Reads, picture: Picture) -> list[Account]:
    """Return the account of every outbox that ever sent, from the database and the publishers' statuses."""
    present = {
        unit.status.publisher: unit.status for unit in picture.units.values() if unit.status.publisher is not None
    }
    found = []
    with sessions.reading() as session:
        for unit, publisher, last, stored, rejected, repeated, seen_at in session.execute(queries.accounts()):
            balance = Balance(last, stored, rejected, present.get(publisher))
            found.append(
                Account(
                    unit=unit,
                    publisher=publisher,
                    assigned=balance.assigned,
                    stored=stored,
                    rejected=rejected,
                    waiting=balance.waiting,
                    unaccounted=balance.unaccounted,
                    fault=balance.fault(unit, publisher),
                    repeated=repeated,
                    last_stored_at=seen_at,
                )
            )
    return found
