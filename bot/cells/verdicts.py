"""How a value stands: normal, out of tolerance, stale, offline, absent, or simply not known."""

from dataclasses import dataclass
from datetime import datetime

from bot.live import Live, Value
from bot.station import Own, Stored
from bot.texts import Texts
from schemas.site import Parameter, Site
from telemetry.views import Latest, stale_after, unit_state, value_state

# Shown as out of tolerance at once; the watchdog's alarms wait for the tolerance's delay.
NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Standing:
    """A value with what is known about it. `state` is a word of the catalogue without its `state_`."""

    state: str
    value: float | None = None
    observed_at: datetime | None = None
    quality: int | None = None
    setpoint: float | None = None
    together: bool = True
    limit: float | None = None
    stored: bool = False

    @property
    def deviation(self) -> float | None:
        # Values of different times say nothing about each other.
        known = self.value is not None and self.setpoint is not None and self.together
        return (self.value or 0.0) - (self.setpoint or 0.0) if known else None

    @property
    def abnormal(self) -> bool:
        return self.state in {"warning", "major", "implausible"}

    @property
    def silent(self) -> bool:
        return self.state in {"stale", "offline", "never", "unknown", "null"}


def stand(
    site: Site, live: Live, cell: str, parameter: Parameter, now: datetime, *,
    stored: Stored | None = None, stored_setpoint: Stored | None = None, database: bool = True, own: Own | None = None,
) -> Standing:  # fmt: skip
    """Judge a cell's parameter by the live value, or by the stored one where there is no live one."""
    held = live.cells.get(cell, {})
    found = held.get(parameter.code)
    newer = stored is not None and (found is None or stored.observed_at > found.observed_at)
    if newer and stored is not None:
        value, observed_at, quality = stored.value, stored.observed_at, stored.quality
    elif found is not None:
        same = stored is not None and stored.observed_at == found.observed_at
        value, observed_at = found.value, found.observed_at
        quality = stored.quality if stored is not None and same else _automatic(parameter, value)
    else:
        return Standing("never" if live.connected or database else "unknown")
    pair = site.setpoint_by_measured.get(parameter.code)
    aim = None if pair is None else held.get(pair.code)
    if stored_setpoint is not None and (aim is None or stored_setpoint.observed_at > aim.observed_at):
        aim = Value(stored_setpoint.observed_at, stored_setpoint.value)
    limit = stale_after(site, cell)
    together = aim is None or abs((observed_at - aim.observed_at).total_seconds()) <= limit
    setpoint = None if aim is None else aim.value
    # The same rule as the pages': what makes a value useless comes first.
    unit = unit_state(live.units.get(site.unit_of_cell[cell].code))
    state: str = value_state(Latest(observed_at, value, quality), unit, limit, now)
    beyond = None
    if state in {"ok", "no_value"}:
        state, beyond = _judge(parameter, value, setpoint if together else None, own)
    return Standing(state, value, observed_at, quality, setpoint, together, beyond, stored=newer and not live.connected)


def describe(standing: Standing, parameter: Parameter, texts: Texts, now: datetime) -> str:
    """Return the state in words, with its icon."""
    match standing.state:
        case "warning" | "major" if standing.limit is not None:
            limit = f"{texts.number(standing.limit, parameter.decimals)} {parameter.unit}".strip()
            return f"{texts(f'state_{standing.state}')} {texts('beyond', limit=limit)}"
        case "stale":
            at = standing.observed_at or now
            return texts("state_stale", age=texts.span((now - at).total_seconds()))
        case state:
            return texts(f"state_{state}")


def written(value: float | None, parameter: Parameter, texts: Texts) -> str:
    """Return a value with its unit, or the word for a door's state, or that there is none."""
    if value is None:
        return texts("no_value")
    word = parameter.states.get(f"{value:g}")
    if word is not None:
        return word.in_(texts.language)
    return f"{texts.number(value, parameter.decimals)} {parameter.unit}".strip()


def _automatic(parameter: Parameter, value: float | None) -> int:
    return 1 if value is not None and not parameter.plausible(value) else 0


def _judge(
    parameter: Parameter, value: float | None, setpoint: float | None, own: Own | None
) -> tuple[str, float | None]:
    if value is None:
        return "null", None
    if not parameter.plausible(value):
        return "implausible", None
    if own is not None:
        outside = (own.low is not None and value < own.low) or (own.high is not None and value > own.high)
        off = setpoint is not None and own.deviation is not None and abs(value - setpoint) > own.deviation
        if off:
            return ("warning" if own.severity == "warning" else "major"), own.deviation
        return ("implausible" if outside else NORMAL), None
    if setpoint is not None:
        beyond = [t for t in parameter.tolerances if abs(value - setpoint) > t.deviation]
        if beyond:
            worst = max(beyond, key=lambda tolerance: tolerance.deviation)
            return ("warning" if worst.severity == "warning" else "major"), worst.deviation
    return NORMAL, None
