"""One transaction: history, latest values, roll-ups, accounts and rejections of a batch of readings."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ingestor import ledger, rejections, rollups, statements
from ingestor.canaries import store
from ingestor.decoding import Decoded, Row
from ingestor.faults import join
from ingestor.ledger import Account, Ranges
from ingestor.rejections import Number, Unconfirmed
from schemas.messages import Stored
from schemas.times import now
from storage.database import Sessions

_MAX_REPORTED = 20_000
# Numbers that a `stored` message names at most: about 2 kB, which any broker takes.
_NUMBERS = 100

# A publisher of a unit: unit, publisher.
Sender = tuple[str, str]


@dataclass(slots=True)
class Receipt:
    """The result of a committed transaction: counts of readings (`rows`: of values).

    `confirmed` has, by unit and publisher, the digests of what may be deleted from the outbox by sequence number (None
    where the sender gave none); `reused` likewise numbers under which another reading is stored.
    """

    rows: int = 0
    stored: int = 0
    rejected: int = 0
    repeated: int = 0
    confirmed: dict[Sender, dict[int, str | None]] = field(default_factory=dict)
    # Readings that were not stored: another one has their number.
    reused: dict[Sender, dict[int, str]] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[Sender, Ranges]:
        """The confirmed sequence numbers as ranges (first, last), both included, by (unit, publisher)."""
        return {sender: ledger.ranges_of(digests) for sender, digests in self.confirmed.items()}

    def messages(self) -> Iterator[tuple[str, Stored]]:
        """Yield (unit, `stored` message), each of at most 100 sequence numbers."""
        for (unit, publisher), digests in self.confirmed.items():
            numbers = sorted(digests)
            for start in range(0, len(numbers), _NUMBERS):
                part = numbers[start : start + _NUMBERS]
                reported = [digests[number] for number in part]
                yield unit, Stored(publisher=publisher, ranges=ledger.ranges_of(part), digests=reported)
        for (unit, publisher), taken in self.reused.items():
            pairs = sorted(taken.items())
            for start in range(0, len(pairs), _NUMBERS):
                yield unit, Stored(publisher=publisher, ranges=[], reused=pairs[start : start + _NUMBERS])


class ReadingStore:
    """Writes batches of readings; idempotent: a batch that is committed already changes nothing."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        # Rejections of numbers that are not confirmed: their outboxes send them again and again.
        self._reported: dict[Unconfirmed, None] = {}

    def write(self, readings: list[Decoded]) -> Receipt:
        """Write and commit; raise what the database raises, having written nothing."""
        canaries = [reading.canary for reading in readings if reading.canary is not None]
        readings = [reading for reading in readings if reading.canary is None]
        with self._sessions() as session, session.begin():
            transaction = _Transaction(session.connection(), readings, self._reported)
            receipt = transaction.run()
            store(session.connection(), canaries, now())
        self._reported.update(dict.fromkeys(transaction.unconfirmed))
        while len(self._reported) > _MAX_REPORTED:
            del self._reported[next(iter(self._reported))]
        return receipt

    def reject(self, reading: Decoded, reason: str) -> Receipt:
        """Write a reading that the database refuses as a rejection."""
        reported = join([*([reading.reason] if reading.reason else []), f"the database refuses it: {reason}"])
        return self.write([replace(reading, rows=[], reason=reported, canary=None)])


class _Transaction:
    def __init__(self, connection: Connection, readings: list[Decoded], reported: Container[Unconfirmed]) -> None:
        self._connection = connection
        self._readings = readings
        self._reported = reported
        self.unconfirmed: list[Unconfirmed] = []
        self._now = now()
        self._receipt = Receipt()
        self._accounts: dict[str, Account] = {}
        self._rejections: list[tuple[Decoded, str]] = []
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
        rejections.record(self._connection, self._rejections, self._reported)
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
        """Return the reading, or a rejection without a number where the account cannot have it."""
        account = None if reading.publisher is None else self._accounts.get(reading.publisher)
        if account is None or reading.unit_id is None or reading.sequence is None:
            return reading
        if account.unit_id != reading.unit_id:
            reason = f"publisher {reading.publisher} belongs to another unit: was an outbox copied or moved?"
        elif reading.sequence > account.limit:
            reason = (
                f"sequence {reading.sequence} is more than {ledger.LONGEST_JUMP} beyond the highest number of publisher"
                f" {reading.publisher}: no outbox jumps so far"
            )
        else:
            return reading
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
        if account.knows(reading.sequence):
            return True
        account.fresh.add(reading.sequence)
        self._confirm(reading)
        return False

    def _confirm(self, reading: Decoded) -> None:
        if reading.publisher is not None and reading.sequence is not None:
            digests = self._receipt.confirmed.setdefault((reading.unit, reading.publisher), {})
            digests[reading.sequence] = reading.digest

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
            added = added + self._store_carefully(self._same_again(repeats))
        self._receipt.rows = sum(len(reading.rows) for reading in added)
        rollups.add(self._connection, added)
        self._move_latest(added)

    def _same_again(self, repeats: list[Decoded]) -> list[Decoded]:
        """Return what is to be stored of readings whose numbers had been booked.

        Mostly they are the readings that were booked, and only confirmed once more. Another reading under the same
        number comes from a copy of the outbox or from one restored from a backup. Where it has a digest it is left to
        its publisher, which gives it a new number; an older publisher cannot, so what it sends is stored, or rejected.
        """
        existing = statements.existing_values(self._connection, (row for reading in repeats for row in reading.rows))
        unknown = [reading for reading in repeats if not _is_stored(reading, existing)]
        payloads = self._rejected_payloads(unknown)
        others = {
            id(reading)
            for reading in unknown
            if not any(rejections.is_same(reading, payload) for payload in payloads.get(_number_of(reading), ()))
        }
        kept: list[Decoded] = []
        for reading in repeats:
            sender = (reading.unit, str(reading.publisher))
            if id(reading) in others and reading.digest is not None:
                self._receipt.reused.setdefault(sender, {})[_number_of(reading)[1]] = reading.digest
                continue
            if id(reading) in others and reading.reason is not None:
                self._rejections.append((reading, reading.reason))
            self._accounts[sender[1]].repeated += 1
            self._receipt.repeated += 1
            self._confirm(reading)
            kept.append(reading)
        return kept

    def _rejected_payloads(self, readings: list[Decoded]) -> dict[Number, list[bytes]]:
        """Return what was rejected under these readings' numbers, earlier or in this transaction."""
        if not readings:
            return {}
        found = rejections.rejected_payloads(self._connection, map(_number_of, readings))
        for reading, _ in self._rejections:
            if reading.publisher is not None and reading.sequence is not None:
                found.setdefault(_number_of(reading), []).append(reading.payload)
        return found

    def _store_carefully(self, readings: list[Decoded]) -> list[Decoded]:
        """Store what the history does not have; return the readings with their new rows alone.

        The first value of a key stays. Another one becomes a rejection, so that nothing vanishes silently.
        """
        existing = statements.existing_values(self._connection, (row for reading in readings for row in reading.rows))
        added: list[Decoded] = []
        for reading in readings:
            new: list[Row] = []
            conflicts = []
            for row in reading.rows:
                key = (row[0], row[1])
                if key not in existing:
                    existing[key] = row[2]
                    new.append(row)
                elif existing[key] != row[2]:
                    conflicts.append(f"series {row[0]}: {existing[key]} is stored, {row[2]} came later")
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


def _number_of(reading: Decoded) -> Number:
    return str(reading.publisher), reading.sequence or 0


def _is_stored(reading: Decoded, existing: dict[tuple[int, str], float | None]) -> bool:
    """Return whether the history has a value of this reading."""
    return any((row[0], row[1]) in existing and existing[row[0], row[1]] == row[2] for row in reading.rows)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
