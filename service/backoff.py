"""Waiting longer after each failure, and saying a failure once instead of at every try."""


class BackOff:
    """Waits that double from `first` to `longest` seconds, and the fault that was said last."""

    def __init__(self, first: float = 1.0, longest: float = 30.0) -> None:
        self._first, self._longest = first, longest
        self._wait = first
        self._fault: str | None = None

    def next(self) -> float:
        """Return the seconds to wait after a failure; the next wait is twice as long."""
        wait, self._wait = self._wait, min(self._wait * 2, self._longest)
        return wait

    def is_news(self, fault: str) -> bool:
        """Tell whether this fault is another one than before, and therefore worth a line in the log."""
        news, self._fault = fault != self._fault, fault
        return news

    def succeed(self) -> bool:
        """Start anew after a success; tell whether a fault had been noted, so that its end can be said."""
        failed, self._fault, self._wait = self._fault is not None, None, self._first
        return failed
