"""The newest value of every parameter, and what wins when two sources disagree about which is newest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telemetry.views import Latest

# A clock may be ahead by this much before its values are flagged.
SKEW = timedelta(seconds=60)


@dataclass(slots=True)
class CellState:
    """The newest values of a cell."""

    values: dict[str, Latest] = field(default_factory=dict)

    @property
    def observed_at(self) -> datetime:
        return max(value.observed_at for value in self.values.values())

    def put(self, new: Mapping[str, Latest], now: datetime) -> bool:
        """Take what is newer; tell whether anything changed.

        A value from the future would shut out every right one after it, so it gives way to whatever comes.
        """
        changed = False
        for parameter, value in new.items():
            held = self.values.get(parameter)
            if held is not None:
                if held.observed_at > value.observed_at and held.observed_at <= now + SKEW:
                    continue
                if held == value or (held.observed_at == value.observed_at and held.quality > value.quality):
                    continue
            self.values[parameter] = value
            changed = True
        return changed
