"""What one look at the station goes by: the live picture at an instant, and what is known of senders and clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from schemas.picture import Picture
from schemas.site import Site, Unit
from schemas.times import CLOCK_SKEW
from telemetry.judging import PresenceState, age_of, judge_presence, stale_after

# So many units with the same wrong clock have a right one: the server's is wrong.
SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """`silences` has by cell the seconds since it was heard; `skews` by unit how far its clock is ahead of ours.

    `steady` tells whether our own clock ran evenly of late; where it did not, nobody counts as silent for now.
    """

    site: Site
    picture: Picture
    now: datetime
    silences: Mapping[str, float | None]
    presences: Mapping[str, PresenceState]
    skews: Mapping[str, float]
    steady: bool

    def presence(self, unit: str) -> PresenceState:
        return self.presences[unit]

    def service(self, name: str) -> PresenceState:
        state = judge_presence(*self.picture.service(name), self.now)
        return "unknown" if state == "silent" and not self.steady else state

    def cause_of_silence(self, unit: Unit) -> str | None:
        """Return the alarm of a unit that explains why its cells send nothing, None where it should send."""
        if self.presence(unit.code) in {"offline", "silent"}:
            return f"{unit.code}/offline"
        if self.presence(unit.code) == "online" and self.source_is_silent(unit):
            return f"{unit.code}/source"
        return None

    def source_is_silent(self, unit: Unit) -> bool:
        """Tell whether none of a unit's cells is heard, though one was once."""
        known = {cell: silence for cell in unit.cells if (silence := self.silences.get(cell)) is not None}
        return bool(known) and all(silence > stale_after(self.site, cell) for cell, silence in known.items())

    @property
    def server_skew(self) -> float | None:
        """By how many seconds our own clock is wrong, where most units agree that it is."""
        known = list(self.skews.values())
        if len(known) < SEVERAL:
            return None
        middle, limit = median(known), CLOCK_SKEW.total_seconds()
        alike = sum(abs(skew - middle) <= limit for skew in known)
        wrong = abs(middle) > limit and alike * 2 > len(known) and alike >= SEVERAL
        return abs(middle) if wrong else None


def make_scene(
    site: Site, picture: Picture, now: datetime, silences: Mapping[str, float | None], *, steady: bool
) -> Scene:
    """Judge every sender once."""
    presences: dict[str, PresenceState] = {}
    for unit in site.units:
        state = judge_presence(*picture.unit(unit.code), now)
        presences[unit.code] = "unknown" if state == "silent" and not steady else state
    skews = {unit.code: skew for unit in site.units if (skew := _skew(picture, unit.code)) is not None}
    return Scene(site, picture, now, silences, presences, skews, steady)


def _skew(picture: Picture, unit: str) -> float | None:
    """Return by how many seconds a unit's clock is ahead of ours, by its status; None where it did not say."""
    status, heard_at = picture.unit(unit)
    if status is None or status.at is None or heard_at is None or status.state != "online":
        return None
    return age_of(heard_at, status.at)
