"""One transaction: history, latest values, roll-ups, accounts and rejections of a batch of readings."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ingestor import ledger, rollups, statements
from ingestor.decoding import Decoded, Row
from ingestor.faults import join
from ingestor.ledger import Account, Ranges
from schemas.tables import RejectedMessage
from schemas.times import now
from storage.database import Sessions

_PAYLOAD = 64 * 1024
_TOPIC = 1024
# A session's longest memory at the broker, and a day: no older rejection comes again.
_MEMORY = 8 * 86400
_TOLD = 20_000

# A reading that is rejected but stays in its outbox: topic, publisher, number.
Unconfirmed = tuple[str, str, int]


@dataclass(slots=True)
class Receipt:
    """What a committed transaction did."""

    rows: int = 0
    stored: int = 0
    rejected: int = 0
    repeated: int = 0
    numbers: dict[tuple[str, str], Ranges] = field(default_factory=dict)


class History:
    """Writes batches. A batch that was committed once does nothing when it comes again."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        # Rejections of numbers that are not confirmed: their outboxes send them again and again.
        self._told: dict[Unconfirmed, None] = {}

    def write(self, readings: list[Decoded]) -> Receipt:
        """Write and commit; raise what the database raises, having written nothing."""
        with self._sessions() as session, session.begin():
            transaction = _Transaction(session.connection(), readings, self._told)
            receipt = transaction.run()
        self._told.update(dict.fromkeys(transaction.unconfirmed))
        while len(self._told) > _TOLD:
            del self._told[next(iter(self._told))]
        return receipt

    def reject(self, reading: Decoded, reason: str) -> Receipt:
        """Write a reading that the database refuses as a rejection."""
        told = join([*([reading.reason] if reading.reason else []), f"the database refuses it: {reason}"])
        return self.write([replace(reading, rows=[], reason=told)])


class _Transaction:
    def __init__(self, connection: Connection, readings: list[Decoded], told: Container[Unconfirmed]) -> None:
        self._connection = connection
        self._readings = readings
        self._told = told
        self.unconfirmed: list[Unconfirmed] = []
        self._now = now()
        self._receipt = Receipt()
        self._accounts: dict[str, Account] = {}
        self._rejections: list[tuple[Decoded, str]] = []
        self._confirmed: dict[tuple[str, str], set[int]] = {}
        # Readings (by identity) all of whose values are in conflict. A batch may be tried again: it stays as it is.
        self._lost: set[int] = set()

    def run(self) -> Receipt:
        self._open_accounts()
        fresh: list[Decoded] = []
        repeats: list[Decoded] = []
        for reading in map(self._of_its_unit, self._readings):
            if self._number(reading):
                repeats.append(replace(reading, repeat=True))
            else:
                fresh.append(reading)
        self._store(fresh, repeats)
        ledger.close_accounts(self._connection, self._accounts.values(), self._now)
        self._record_rejections()
        self._receipt.numbers = {key: ledger.ranges_of(numbers) for key, numbers in self._confirmed.items()}
        return self._receipt

    def _open_accounts(self) -> None:
        numbers: dict[str, set[int]] = {}
        units: dict[str, int] = {}
        for reading in self._readings:
            if reading.publisher is not None and reading.sequence is not None and reading.unit_id is not None:
                numbers.setdefault(reading.publisher, set()).add(reading.sequence)
                units.setdefault(reading.publisher, reading.unit_id)
        if numbers:
            self._accounts = ledger.open_accounts(self._connection, units, numbers, self._now)

    def _of_its_unit(self, reading: Decoded) -> Decoded:
        """Return the reading, or a rejection without a number where the publisher is another unit's."""
        account = None if reading.publisher is None else self._accounts.get(reading.publisher)
        if account is None or reading.unit_id is None or account.unit_id == reading.unit_id:
            return reading
        reason = f"publisher {reading.publisher} belongs to another unit: was an outbox copied or moved?"
        return replace(reading, unit_id=None, rows=[], reason=reason)

    def _number(self, reading: Decoded) -> bool:
        """Book a reading's number; return whether it had been booked before.

        One of an unknown unit, or in another unit's name, touches no account and is not confirmed:
        once the site or the outbox is put right it is stored.
        """
        if reading.publisher is None or reading.sequence is None:
            return False
        if reading.unit_id is None:
            self.unconfirmed.append((reading.topic, reading.publisher, reading.sequence))
            return False
        account = self._accounts[reading.publisher]
        self._confirmed.setdefault((reading.unit, reading.publisher), set()).add(reading.sequence)
        if account.knows(reading.sequence):
            account.repeated += 1
            return True
        account.fresh.add(reading.sequence)
        return False

    def _store(self, fresh: list[Decoded], repeats: list[Decoded]) -> None:
        rows = [row for reading in fresh for row in reading.rows]
        added = fresh
        try:
            with self._connection.begin_nested():
                statements.insert_readings(self._connection, rows)
        except IntegrityError:
            added = self._store_carefully(fresh)
        for reading in fresh:
            self._count(reading)
        if repeats:
            added = added + self._store_carefully(repeats)
            self._receipt.repeated += len(repeats)
        self._receipt.rows = sum(len(reading.rows) for reading in added)
        rollups.add(self._connection, added)
        self._move_latest(added)

    def _store_carefully(self, readings: list[Decoded]) -> list[Decoded]:
        """Store what the history does not have; return the readings with their new rows alone.

        The first value of a key stays. Another one becomes a rejection, so that nothing vanishes silently.
        """
        held = statements.existing_values(self._connection, (row for reading in readings for row in reading.rows))
        added: list[Decoded] = []
        for reading in readings:
            new: list[Row] = []
            conflicts = []
            for row in reading.rows:
                key = (row[0], row[1])
                if key not in held:
                    held[key] = row[2]
                    new.append(row)
                elif held[key] != row[2]:
                    conflicts.append(f"series {row[0]}: {held[key]} is stored, {row[2]} came later")
            if conflicts:
                at = reading.rows[0][1]
                self._rejections.append((reading, join([f"conflict at {at}: the first value stays", *conflicts])))
                if len(conflicts) == len(reading.rows):
                    self._lost.add(id(reading))
            if new:
                added.append(replace(reading, rows=new))
        statements.insert_readings(self._connection, [row for reading in added for row in reading.rows])
        return added

    def _count(self, reading: Decoded) -> None:
        kept = bool(reading.rows) and id(reading) not in self._lost
        self._receipt.stored += kept
        self._receipt.rejected += not kept
        account = None if reading.publisher is None else self._accounts.get(reading.publisher)
        if account is not None and reading.unit_id is not None:
            account.stored += kept
            account.rejected += not kept
        if reading.reason is not None:
            self._rejections.append((reading, reading.reason))

    def _move_latest(self, readings: Iterable[Decoded]) -> None:
        newest: dict[int, tuple[Row, float]] = {}
        for reading in sorted(readings, key=attrgetter("seconds")):
            at = reading.received_at
            newest.update((row[0], (row, at)) for row in reading.rows)
        arrivals = {at: _instant(at) for _, at in newest.values()}
        statements.upsert_latest(self._connection, [(row, arrivals[at]) for row, at in newest.values()])

    def _record_rejections(self) -> None:
        for reading, reason in self._rejections:
            whole = reading.payload
            payload, topic = whole[:_PAYLOAD], reading.topic[:_TOPIC]
            if (reading.repeat and self._recorded(topic, payload, reason)) or self._told_before(reading):
                continue
            booked = reading.unit_id is not None
            self._connection.execute(
                insert(RejectedMessage).values(
                    topic=topic,
                    payload=payload,
                    size=len(whole),
                    reason=reason,
                    received_at=datetime.fromtimestamp(reading.received_at, UTC),
                    publisher_id=reading.publisher if booked else None,
                    sequence=reading.sequence if booked else None,
                )
            )

    def _told_before(self, reading: Decoded) -> bool:
        if reading.unit_id is not None or reading.publisher is None or reading.sequence is None:
            return False
        return (reading.topic, reading.publisher, reading.sequence) in self._told

    def _recorded(self, topic: str, payload: bytes, reason: str) -> bool:
        """Tell whether this very rejection stands already: the broker delivers again what it kept."""
        since = datetime.fromtimestamp(self._now.timestamp() - _MEMORY, UTC)
        return self._connection.execute(
            select(RejectedMessage.id)
            .where(
                RejectedMessage.received_at >= since, RejectedMessage.topic == topic,
                RejectedMessage.payload == payload, RejectedMessage.reason == reason,
            )
            .limit(1)
        ).first() is not None  # fmt: skip


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
