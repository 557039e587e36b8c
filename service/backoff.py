"""Exponential back-off between retries, and each failure logged once instead of at every retry."""


class BackOff:
    """Waits that double from `first` to `longest` seconds, and the failure that was reported last."""

    def __init__(self, first: float = 1.0, longest: float = 30.0) -> None:
        self._first, self._longest = first, longest
        self._wait = first
        self._fault: str | None = None

    def next(self) -> float:
        """Return the seconds to wait after a failure; the next wait is twice as long."""
        wait, self._wait = self._wait, min(self._wait * 2, self._longest)
        return wait

    def is_new(self, fault: str) -> bool:
        """Return whether this failure differs from the last one, and is therefore worth a line in the log."""
        new, self._fault = fault != self._fault, fault
        return new

    def succeed(self) -> bool:
        """Start again at `first` after a success; return whether a failure was reported, whose end is then news."""
        failed, self._fault, self._wait = self._fault is not None, None, self._first
        return failed
