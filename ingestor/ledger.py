"""The publishers' accounts: each number counts once, however often it comes.

stored + rejected = the numbers in a publisher's ranges. Its row is locked for the transaction, so that
several ingestors may book at the same time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, delete, insert, or_, select, update
from sqlalchemy.dialects import mysql, sqlite

from schemas.tables import Publisher, PublisherRange

Ranges = list[tuple[int, int]]

# More readings than an outbox can hold (100 million are 30 GB): no number is so far beyond the highest one known.
LONGEST_JUMP = 100_000_000

# Made once: making a statement costs more than sending it.
_ACCOUNTS = (
    select(Publisher.id, Publisher.unit_id, Publisher.last_sequence)
    .where(Publisher.id.in_(bindparam("publishers", expanding=True)))
    .order_by(Publisher.id)
    .with_for_update()
)
_RANGES = select(PublisherRange.publisher_id, PublisherRange.first, PublisherRange.last)
_DROP = delete(PublisherRange).where(
    PublisherRange.publisher_id == bindparam("publisher"), PublisherRange.first == bindparam("gone")
)
_BOOK = (
    update(Publisher)
    .where(Publisher.id == bindparam("publisher"))
    .values(
        last_sequence=case(
            (Publisher.last_sequence < bindparam("newest"), bindparam("newest")), else_=Publisher.last_sequence
        ),
        stored=Publisher.stored + bindparam("more_stored"),
        rejected=Publisher.rejected + bindparam("more_rejected"),
        repeated=Publisher.repeated + bindparam("more_repeated"),
        last_seen_at=bindparam("seen_at"),
    )
)


@dataclass(slots=True)
class Account:
    """A publisher's account within one transaction. `unit_id` is whose it is since it was first seen.

    `limit` is the highest number that an outbox can have given by now.
    """

    publisher: str
    unit_id: int
    limit: int
    touched: Ranges = field(default_factory=list)
    fresh: set[int] = field(default_factory=set)
    stored: int = 0
    rejected: int = 0
    repeated: int = 0

    def knows(self, sequence: int) -> bool:
        """Return whether a number is booked, by earlier transactions or this one."""
        return sequence in self.fresh or any(first <= sequence <= last for first, last in self.touched)


def merge(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges in order, those that overlap or adjoin joined.

    They are of whole numbers with both ends included, so 1..4 and 5..9 adjoin. Spans of time are half-open and
    continuous (facility/assignments/intervals.py): nothing to share but the loop.
    """
    merged: Ranges = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """Return numbers as ranges (first, last), both included, in order."""
    return merge((number, number) for number in numbers)


def open_accounts(
    connection: Connection, units: Mapping[str, int], numbers: Mapping[str, set[int]], now: datetime
) -> dict[str, Account]:
    """Lock and read the accounts of these publishers, opening those that are new in the name of their unit."""
    ordered = sorted(numbers)
    if len(locked := _lock(connection, ordered)) < len(ordered):
        for publisher in ordered:
            if publisher not in locked:
                _open(connection, publisher, units[publisher], now)
        locked = _lock(connection, ordered)
    accounts = {
        publisher: Account(publisher, unit_id, last + LONGEST_JUMP) for publisher, (unit_id, last) in locked.items()
    }
    possible = {
        publisher: [number for number in numbers[publisher] if number <= accounts[publisher].limit]
        for publisher in ordered
    }
    near = [
        and_(
            PublisherRange.publisher_id == publisher,
            PublisherRange.first <= max(found) + 1,
            PublisherRange.last >= min(found) - 1,
        )
        for publisher, found in possible.items()
        if found
    ]
    if near:
        for publisher, first, last in connection.execute(_RANGES.where(or_(*near))):
            accounts[publisher].touched.append((first, last))
    return accounts


def _lock(connection: Connection, publishers: list[str]) -> dict[str, tuple[int, int]]:
    """Lock these accounts, always in the same order; return unit and highest number of those that there are."""
    found = connection.execute(_ACCOUNTS, {"publishers": publishers})
    return {row.id: (row.unit_id, row.last_sequence) for row in found}


def _open(connection: Connection, publisher: str, unit_id: int, now: datetime) -> None:
    row = {
        "id": publisher, "unit_id": unit_id, "last_sequence": 0, "stored": 0, "rejected": 0, "repeated": 0,
        "first_seen_at": now, "last_seen_at": now,
    }  # fmt: skip
    # Another ingestor may open it at the same moment.
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(Publisher).values(row).on_conflict_do_nothing())
    else:
        connection.execute(mysql.insert(Publisher).values(row).on_duplicate_key_update(id=publisher))


def close_accounts(connection: Connection, accounts: Iterable[Account], now: datetime) -> None:
    """Write what the transaction found."""
    removed, new, booked = [], [], []
    for account in accounts:
        key = {"publisher": account.publisher}
        if account.fresh:
            before = set(account.touched)
            after = set(merge([*account.touched, *ranges_of(account.fresh)]))
            removed += [key | {"gone": first} for first, _ in before - after]
            new += [{"publisher_id": account.publisher, "first": first, "last": last} for first, last in after - before]
        booked.append(
            key
            | {"newest": max(account.fresh, default=0), "seen_at": now, "more_stored": account.stored}
            | {"more_rejected": account.rejected, "more_repeated": account.repeated}
        )
    for statement, rows in ((_DROP, removed), (insert(PublisherRange), new), (_BOOK, booked)):
        if rows:
            connection.execute(statement, rows)
