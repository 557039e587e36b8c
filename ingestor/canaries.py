"""The watchdog's canaries: the newest number of each sender, in the readings' own transaction."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from schemas import messages
from schemas.tables import Canary


def store(connection: Connection, canaries: Iterable[messages.Canary], now: datetime) -> None:
    """Keep the newest of each sender; one that comes again, or late, changes nothing."""
    newest: dict[str, messages.Canary] = {}
    for one in canaries:
        held = newest.get(one.sender)
        if held is None or one.number > held.number:
            newest[one.sender] = one
    for sender, one in sorted(newest.items()):
        values = {"number": one.number, "sent_at": one.sent_at, "stored_at": now}
        newer = update(Canary).where(Canary.sender == sender, Canary.number < one.number).values(values)
        if connection.execute(newer).rowcount:
            continue
        try:
            with connection.begin_nested():
                connection.execute(insert(Canary).values(sender=sender, **values))
        except IntegrityError:
            # It is there, and as new as this one.
            continue
