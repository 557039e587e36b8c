"""The ledger's rule: what a publisher numbered is stored, rejected, or waits in its outbox. Pure."""

from dataclasses import dataclass

from schemas.messages import Status


@dataclass(frozen=True, slots=True)
class Balance:
    """A publisher's account held against what it said last; `status` is None while it is not heard.

    `last` is the highest number that the database knows, `stored` and `rejected` count readings there.
    """

    last: int
    stored: int
    rejected: int
    status: Status | None

    @property
    def assigned(self) -> int:
        return max(self.last, 0 if self.status is None else self.status.sequence or 0)

    @property
    def waiting(self) -> int | None:
        return None if self.status is None else self.status.waiting

    @property
    def unaccounted(self) -> int | None:
        """Readings that nobody can explain: lost where positive, counted twice where negative; None while unheard.

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
        """Say in words, with what to do, that the account is open; None while it may add up."""
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
