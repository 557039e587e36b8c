"""Within which limits a value is normal: those of the experiment in its cell where it sets any, else the station's."""

from dataclasses import dataclass
from typing import Literal

from schemas.messages import ParameterLimits
from schemas.site import Parameter

Severity = Literal["warning", "major", "critical"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Within which values are normal.

    `tolerances` holds (deviation from the setpoint, severity beyond it), the narrowest first; `low` and `high` bound
    the value itself, `severity` is that of leaving them. `own` tells an experiment's limits from the station's.
    """

    tolerances: tuple[tuple[float, Severity], ...] = ()
    low: float | None = None
    high: float | None = None
    severity: Severity = "warning"
    own: bool = False

    @property
    def deviation(self) -> float | None:
        """The narrowest tolerance."""
        return self.tolerances[0][0] if self.tolerances else None


def station_limits(parameter: Parameter) -> Limits:
    """Return what the site file tolerates."""
    return Limits(tuple(sorted((tolerance.deviation, tolerance.severity) for tolerance in parameter.tolerances)))


def limits_for(parameter: Parameter, own: ParameterLimits | None) -> Limits:
    """Return the experiment's limits where it sets any, else the station's."""
    if own is None or (own.deviation is None and own.low is None and own.high is None):
        return station_limits(parameter)
    tolerances = () if own.deviation is None else ((own.deviation, own.severity),)
    return Limits(tolerances, own.low, own.high, own.severity, own=True)
