"""The ledger's invariant: every numbered reading is stored, rejected, or waits in its publisher's outbox. Pure."""

from dataclasses import dataclass

from schemas.messages import Status


@dataclass(frozen=True, slots=True)
class Balance:
    """A publisher's account compared with its last status, which is None where there is none.

    `last` is the highest number that the database knows, `stored` and `rejected` count readings there.
    """

    last: int
    stored: int
    rejected: int
    status: Status | None

    @property
    def assigned(self) -> int:
        """Numbers that the publisher has given, by the database or its last status, whichever is higher."""
        return max(self.last, 0 if self.status is None else self.status.sequence or 0)

    @property
    def waiting(self) -> int | None:
        """Readings in the publisher's outbox by its last status; None without a status."""
        return None if self.status is None else self.status.waiting

    @property
    def unaccounted(self) -> int | None:
        """Readings that do not add up: lost where positive, counted twice where negative; None without a status.

        Small for moments, for the two sides are not counted at the same instant: `fault` knows the difference.
        """
        if self.waiting is None:
            return None
        return self.assigned - self.stored - self.rejected - self.waiting

    @property
    def doubled(self) -> int:
        """Readings that were booked beyond what was numbered."""
        return max(0, self.stored + self.rejected - self.assigned)

    @property
    def lost(self) -> int:
        """Readings that were confirmed, but are not booked.

        By the publisher's own highest number: what came later may have overtaken what is still on its way.
        """
        if self.status is None or self.status.waiting is None or self.status.sequence is None:
            return 0
        return max(0, self.status.sequence - self.status.waiting - self.stored - self.rejected)

    @property
    def open(self) -> int:
        """Readings that certainly nobody can explain, whichever way."""
        return self.doubled or self.lost

    def fault(self, unit: str, publisher: str) -> str | None:
        """Return a message, with the remedy, where the account does not add up; None while it may."""
        if self.doubled:
            return (
                f"{unit}: the account of publisher {publisher} has {self.doubled} readings more than were"
                " numbered: some were counted twice; give the unit a new outbox (docs/recover.md)"
            )
        if self.lost:
            return (
                f"{unit}: {self.lost} readings of publisher {publisher} were confirmed, but this database does not have"
                " them: was it restored from an older backup? Send them again from the source's files, with a new"
                " outbox (docs/recover.md, The database is lost)"
            )
        return None
