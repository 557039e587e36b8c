"""What a request asks of the database, counted where SQLAlchemy sends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass(slots=True)
class Asked:
    """The statements that were sent, with their parameters, and how many connections were taken from the pool."""

    statements: list[tuple[str, Any]] = field(default_factory=list)
    connections: int = 0


@contextmanager
def counted(engine: Engine) -> Iterator[Asked]:
    """Count while the block runs, on whichever thread. BEGIN, COMMIT and ROLLBACK are no statements here."""
    asked = Asked()

    def statement(_connection: Any, _cursor: Any, text: str, parameters: Any, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            asked.statements.append((text, parameters))

    def taken(*_: Any) -> None:
        asked.connections += 1

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine.pool, "checkout", taken)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine.pool, "checkout", taken)
