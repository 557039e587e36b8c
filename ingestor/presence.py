"""What the publishers say of themselves, held against each other and against the ledger."""

from collections.abc import Iterable
from threading import Lock
from time import monotonic

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from ingestor.troubles import Troubles
from schemas.messages import Status
from schemas.tables import Publisher
from telemetry.ledger import Balance

_CHECK_SECONDS = 30.0


class Presence:
    """The publishers that say that they are there, by unit. Filled by a network thread, looked at by another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._online: dict[str, dict[str, Status]] = {}

    def take(self, unit: str, status: Status) -> None:
        """Take note of a unit's status."""
        if status.publisher is None:
            return
        with self._lock:
            publishers = self._online.setdefault(unit, {})
            if status.state == "online":
                publishers[status.publisher] = status
            else:
                publishers.pop(status.publisher, None)

    def clear(self) -> None:
        """Forget all: after a broken connection nobody knows what was missed."""
        with self._lock:
            self._online.clear()

    def publishers(self) -> dict[str, dict[str, Status]]:
        """Return unit -> publisher -> its last status, of those that are there."""
        with self._lock:
            return {unit: dict(publishers) for unit, publishers in self._online.items() if publishers}


class Watch:
    """Finds units with two publishers, and publishers whose account does not add up."""

    def __init__(self, presence: Presence, engine: Engine, troubles: Troubles) -> None:
        self._presence, self._engine, self._troubles = presence, engine, troubles
        self._next_check = 0.0
        self._open: set[str] = set()
        self._doubled: set[str] = set()

    def check(self) -> None:
        """Look now and then; what is found is said by `Troubles`."""
        if monotonic() < self._next_check:
            return
        self._next_check = monotonic() + _CHECK_SECONDS
        present = self._presence.publishers()
        self._check_duplicates(present)
        try:
            self._check_accounts(present)
        except SQLAlchemyError:
            return  # whoever writes says what is wrong with the database

    def _check_duplicates(self, present: dict[str, dict[str, Status]]) -> None:
        doubled = {unit: publishers for unit, publishers in present.items() if len(publishers) > 1}
        for unit in self._doubled - doubled.keys():
            self._troubles.set(f"two publishers {unit}", None)
        for unit, publishers in doubled.items():
            senders = " and ".join(
                f"{publisher} on {item.host or '?'}" for publisher, item in sorted(publishers.items())
            )
            self._troubles.set(
                f"two publishers {unit}",
                f"{len(publishers)} publishers send as unit {unit} at once: {senders}; does a copy of its PC's disk run"
                " on a second machine? Stop all but one",
            )
        self._doubled = set(doubled)

    def _check_accounts(self, present: dict[str, dict[str, Status]]) -> None:
        statuses = {publisher: (unit, item) for unit, all_ in present.items() for publisher, item in all_.items()}
        found = {} if not statuses else self._accounts(statuses)
        wrong = set()
        for publisher, counts in found.items():
            unit, status = statuses[publisher]
            if (description := Balance(*counts, status).fault(unit, publisher)) is not None:
                wrong.add(publisher)
                self._troubles.set(f"ledger {publisher}", description, key=publisher)
        for publisher in self._open - wrong:
            self._troubles.set(f"ledger {publisher}", None)
        self._open = wrong

    def _accounts(self, publishers: Iterable[str]) -> dict[str, tuple[int, int, int]]:
        """Return what the database has of these publishers: highest number, stored, rejected."""
        columns = Publisher.id, Publisher.last_sequence, Publisher.stored, Publisher.rejected
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(Publisher.id.in_(publishers)))
            return {publisher: (last, stored, rejected) for publisher, last, stored, rejected in rows}
