"""What passes is tried again with back-off, what is bad is rejected, what is unknown ends the process."""

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
    """Runs what needs the database until it succeeds; speaks once per change, not each time.

    `pause` sleeps and returns True when the process is to end.
    """

    def __init__(self, pause: Callable[[float], bool]) -> None:
        self._pause = pause
        self._said: str | None = None
        self._since = 0.0

    def run(self, attempt: Callable[[], T]) -> T:
        """Return the attempt's result; raise Stopped, or the error that no waiting mends."""
        tries = BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                result = attempt()
            except Exception as error:
                kind, text = classify(error)
                if kind not in WAITED_FOR:
                    raise
                self._say(text)
            else:
                self._say_well()
                return result
            if self._pause(tries.next()):
                raise Stopped

    def _say(self, text: str) -> None:
        if self._said is None:
            self._since = monotonic()
        if text != self._said:
            log.warning("%s; nothing is acknowledged meanwhile, trying again", text)
            self._said = text

    def _say_well(self) -> None:
        if self._said is not None:
            log.info("the database takes readings again after %.0f s", monotonic() - self._since)
            self._said = None
