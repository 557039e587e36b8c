"""The publishers' accounts: each number counts once, however often it comes.

stored + rejected = the numbers in a publisher's ranges. Its row is locked for the transaction, so that
several ingestors may book at the same time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, delete, insert, select, update
from sqlalchemy.dialects import mysql, sqlite

from schemas.tables import Publisher, PublisherRange

Ranges = list[tuple[int, int]]


@dataclass(slots=True)
class Account:
    """A publisher's account within one transaction. `unit_id` is whose it is since it was first seen."""

    publisher: str
    unit_id: int
    touched: Ranges
    fresh: set[int] = field(default_factory=set)
    stored: int = 0
    rejected: int = 0
    repeated: int = 0

    def knows(self, sequence: int) -> bool:
        return sequence in self.fresh or any(first <= sequence <= last for first, last in self.touched)


def merge(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges in order, those that overlap or touch made one."""
    merged: Ranges = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def ranges_of(numbers: Iterable[int]) -> Ranges:
    return merge((number, number) for number in numbers)


def open_accounts(
    connection: Connection, units: Mapping[str, int], numbers: Mapping[str, set[int]], now: datetime
) -> dict[str, Account]:
    """Lock and read the accounts of these publishers, opening those that are new in the name of their unit."""
    accounts = {}
    wanted = sorted(numbers)
    known = {row.id for row in connection.execute(select(Publisher.id).where(Publisher.id.in_(wanted)))}
    for publisher in wanted:
        if publisher not in known:
            _open(connection, publisher, units[publisher], now)
    rows = connection.execute(
        select(Publisher.id, Publisher.unit_id).where(Publisher.id.in_(wanted)).order_by(Publisher.id).with_for_update()
    ).all()
    for publisher, unit_id in rows:
        touching = select(PublisherRange.first, PublisherRange.last).where(
            PublisherRange.publisher_id == publisher,
            PublisherRange.first <= max(numbers[publisher]) + 1,
            PublisherRange.last >= min(numbers[publisher]) - 1,
        )
        accounts[publisher] = Account(
            publisher, unit_id, [(first, last) for first, last in connection.execute(touching)]
        )
    return accounts


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


def close_account(connection: Connection, account: Account, now: datetime) -> None:
    """Write what the transaction found."""
    if account.fresh:
        before = set(account.touched)
        after = set(merge([*account.touched, *ranges_of(account.fresh)]))
        if gone := [{"gone": first} for first, _ in before - after]:
            connection.execute(
                delete(PublisherRange).where(
                    PublisherRange.publisher_id == account.publisher, PublisherRange.first == bindparam("gone")
                ),
                gone,
            )
        if new := [{"publisher_id": account.publisher, "first": f, "last": t} for f, t in after - before]:
            connection.execute(insert(PublisherRange), new)
    last = max(account.fresh, default=0)
    connection.execute(
        update(Publisher)
        .where(Publisher.id == account.publisher)
        .values(
            last_sequence=case((Publisher.last_sequence < last, last), else_=Publisher.last_sequence),
            stored=Publisher.stored + account.stored,
            rejected=Publisher.rejected + account.rejected,
            repeated=Publisher.repeated + account.repeated,
            last_seen_at=now,
        )
    )
