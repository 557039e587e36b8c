"""What a person has to mend: said in the log when it begins and ends, and in this ingestor's status while it lasts."""

import logging
from collections.abc import Callable
from threading import Lock

log = logging.getLogger("ingestor")

_LONGEST = 1000


class Troubles:
    """Sentences by subject. `publish` is given all of them as one text, or None, whenever they change."""

    def __init__(self, publish: Callable[[str | None], None]) -> None:
        self._publish = publish
        self._lock = Lock()
        self._current: dict[str, tuple[str, str]] = {}

    def set(self, subject: str, description: str | None, key: str | None = None) -> None:
        """Begin, change or (None) end a trouble. What only counts on keeps its `key` and is logged once."""
        with self._lock:
            before = self._current.get(subject)
            if description is None:
                if before is None:
                    return
                del self._current[subject]
                log.info("over: %s", before[0])
            else:
                now = (description, description if key is None else key)
                if now == before:
                    return
                self._current[subject] = now
                if before is None or before[1] != now[1]:
                    log.error("%s", description)
            text = "; ".join(description for description, _ in self._current.values())
            self._publish(text[:_LONGEST] or None)
