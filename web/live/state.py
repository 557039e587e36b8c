"""The newest value of every parameter, and what wins when two sources disagree about which is newest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.picture import Latest
from telemetry.judging import supersedes


@dataclass(slots=True)
class CellState:
    """The newest values of a cell."""

    values: dict[str, Latest] = field(default_factory=dict)

    @property
    def observed_at(self) -> datetime:
        return max(value.observed_at for value in self.values.values())

    def put(self, new: Mapping[str, Latest], now: datetime) -> bool:
        """Take what is newer; tell whether anything changed."""
        newer = {code: value for code, value in new.items() if supersedes(value, self.values.get(code), now)}
        self.values |= newer
        return bool(newer)
