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
    for canary in canaries:
        held = newest.get(canary.sender)
        if held is None or canary.number > held.number:
            newest[canary.sender] = canary
    for sender, canary in sorted(newest.items()):
        values = {"number": canary.number, "sent_at": canary.sent_at, "stored_at": now}
        newer = update(Canary).where(Canary.sender == sender, Canary.number < canary.number).values(values)
        if connection.execute(newer).rowcount:
            continue
        try:
            with connection.begin_nested():
                connection.execute(insert(Canary).values(sender=sender, **values))
        except IntegrityError:
            # It is there, and as new as this one.
            continue
