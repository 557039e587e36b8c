"""Retry a database operation with back-off while its fault may pass; raise what no waiting mends."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from service.backoff import BackOff
from storage.faults import AWAY, Kind, classify

log = logging.getLogger("ingestor.database")

T = TypeVar("T")

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0


class Stopped(Exception):  # noqa: N818 - not an error: the process was asked to end
    """The process is to end while it waits."""


# A unique key that holds the row already: another ingestor was faster, and the repeat finds it.
WAITED_FOR = AWAY | {Kind.NOT_PREPARED, Kind.CONFLICT}
# What one reading of a batch may be to blame for.
BAD_READING = frozenset({Kind.BAD_DATA, Kind.RULE})


class Retrying:
    """Runs what needs the database until it succeeds; logs each change of fault once.

    `pause` sleeps and returns True when the process is to end.
    """

    def __init__(self, pause: Callable[[float], bool]) -> None:
        self._pause = pause
        self._tries = BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._failing_since: float | None = None

    def run(self, attempt: Callable[[], T]) -> T:
        """Return the attempt's result; raise Stopped, or the error that no waiting mends."""
        while True:
            try:
                result = attempt()
            except Exception as error:
                kind, text = classify(error)
                if kind not in WAITED_FOR:
                    raise
                self._report(text)
            else:
                self._report_end()
                return result
            if self._pause(self._tries.next()):
                raise Stopped

    def _report(self, text: str) -> None:
        if self._failing_since is None:
            self._failing_since = monotonic()
        if self._tries.is_new(text):
            log.warning("%s; nothing is acknowledged meanwhile, trying again", text)

    def _report_end(self) -> None:
        self._tries.succeed()
        if self._failing_since is not None:
            log.info("the database takes readings again after %.0f s", monotonic() - self._failing_since)
            self._failing_since = None
