"""The table of cases for the rules of telemetry/judging.py; pages, script, API and bot run through the same ones."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import times
from schemas.messages import Alarm, CellExperiment, ParameterLimits, Status
from schemas.picture import Latest, Picture, Presence
from schemas.site import Site
from telemetry.judging import CellVerdict, judge_cell, judge_presence

NOW = datetime(2026, 11, 26, 12, 0, 0, 400_000, tzinfo=UTC)
CELL, UNIT = "E1C1", "ecolab-1"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
# (age in seconds, value) or (age, value, quality), by parameter; the period of the cell is 10 s.
Values = dict[str, tuple[float, float | None] | tuple[float, float | None, int]]
GOOD: Values = {
    "air_temperature": (2, 18.0),
    "air_temperature_setpoint": (2, 18.0),
    "relative_humidity": (2, 60.0),
    "co2": (2, 420.0),
    "par": (2, 300.0),
    "light_command": (2, 50.0),
}


@dataclass(frozen=True)
class Case:
    """What is known of a cell, and how the cell and some of its values stand (where that is written by hand)."""

    name: str
    values: Values
    cell_state: str = ""
    states: dict[str, str] = field(default_factory=dict)
    status: dict[str, Any] | None = field(default_factory=lambda: {"state": "online"})
    said_ago: float | None = None
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    severities: tuple[str, ...] = ()

    @property
    def latest(self) -> dict[str, Latest]:
        return {code: Latest(ago(one[0]), one[1], one[2] if len(one) == 3 else 0) for code, one in self.values.items()}

    @property
    def presence_status(self) -> Status | None:
        if self.status is None:
            return None
        said = {} if self.said_ago is None else {"at": times.to_text(ago(self.said_ago))}
        return Status.model_validate({"since": times.to_text(ago(DAY))} | self.status | said)

    @property
    def experiment(self) -> CellExperiment | None:
        limits = {code: ParameterLimits.model_validate(one) for code, one in self.limits.items()}
        return (
            CellExperiment(id=1, code="EXP-1", title="One", state="running", started_at=ago(DAY), limits=limits)
            if limits
            else None
        )

    @property
    def alarms(self) -> list[Alarm]:
        return [
            Alarm.model_validate(
                {
                    "id": number, "place": CELL, "code": f"a{number}", "severity": severity, "state": "active",
                    "since": times.to_text(NOW), "text": {"fr": "x", "en": "x"},
                }
            )
            for number, severity in enumerate(self.severities, 1)
        ]  # fmt: skip

    @property
    def picture(self) -> Picture:
        """The live picture of a station in which only this cell and its unit are known."""
        status, experiment = self.presence_status, self.experiment
        return Picture(
            connected=True,
            cells={CELL: self.latest} if self.values else {},
            units={} if status is None else {UNIT: Presence(status, None)},
            alarms={(CELL, alarm.code): alarm for alarm in self.alarms},
            experiments={} if experiment is None else {CELL: experiment},
        )

    def verdict(self, site: Site) -> CellVerdict:
        """Return what the judge says."""
        return judge_cell(
            site,
            CELL,
            self.latest,
            presence=judge_presence(self.presence_status, None, NOW),
            limits=self.experiment.limits if self.experiment else {},
            alarms=self.alarms,
            now=NOW,
        )


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def good(**others: Any) -> Values:
    return GOOD | others


T, SET = "air_temperature", "air_temperature_setpoint"
WRITTEN = [
    Case("all well", GOOD, "ok", {T: "ok", "co2": "ok", "o2": "no_data"}),
    Case("setpoint two days old beside a fresh value",
         good(air_temperature=(2, 25.0), air_temperature_setpoint=(2 * DAY, 18.0)), "ok", {T: "ok", SET: "stale"}),
    Case("setpoint as old as still counts",
         good(air_temperature=(0, 19.5), air_temperature_setpoint=(30, 18.0)), "deviation", {T: "high", SET: "ok"}),
    Case("setpoint that has just turned stale, beside a value that has not",
         good(air_temperature=(20, 25.0), air_temperature_setpoint=(45, 18.0)), "ok", {T: "ok", SET: "stale"}),
    Case("setpoint newer than a stale value",
         good(air_temperature=(60, 25.0), air_temperature_setpoint=(2, 18.0)), "incomplete", {T: "stale"}),
    Case("one probe silent for three hours while the others send",
         good(air_temperature=(3 * HOUR, 18.0)), "incomplete", {T: "stale", "co2": "ok"}),
    Case("one probe that is not main silent: the cell is what its main values are",
         good(o2=(3 * HOUR, 20.9)), "ok", {"o2": "stale"}),
    Case("main value without a value", good(co2=(2, None)), "incomplete", {"co2": "no_value"}),
    Case("main value never received", {k: v for k, v in GOOD.items() if k != "co2"}, "incomplete", {"co2": "no_data"}),
    Case("zero is a value", good(par=(2, 0.0)), "ok", {"par": "ok"}),
    Case("the experiment's own limits left",
         good(air_temperature=(2, 18.6)), "deviation", {T: "high"}, limits={T: {"deviation": 0.5}}),
    Case("the experiment's limits are wider than the station's",
         good(air_temperature=(2, 22.0)), "ok", {T: "ok"}, limits={T: {"deviation": 5}}),
    Case("outside low and high of the experiment, of a parameter that is not main",
         good(o2=(2, 17.0)), "deviation", {"o2": "low"}, limits={"o2": {"low": 19, "high": 21, "severity": "major"}}),
    Case("above the experiment's highest",
         good(co2=(2, 1200.0)), "deviation", {"co2": "high"}, limits={"co2": {"low": 380, "high": 800}}),
    Case("parameter of interest without limits of its own, five degrees off",
         good(air_temperature=(2, 23.0)), "deviation", {T: "high"}, limits={T: {}}),
    Case("parameter of interest that gives no value",
         good(o2=(2, None)), "incomplete", {"o2": "no_value"}, limits={"o2": {"low": 19}}),
    Case("90 s ahead of our clock: within what clocks may differ", good(air_temperature=(-90, 18.0)), "ok", {T: "ok"}),
    Case("two hours ahead of our clock",
         good(air_temperature=(-2 * HOUR, 18.0)), "deviation", {T: "suspect", "co2": "ok"}),
    Case("two hours ahead, and everything else is silent",
         {T: (-2 * HOUR, 18.0), "co2": (HOUR, 420.0)}, "stale", {T: "suspect", "co2": "stale"}),
    Case("exactly at the tolerance, in binary fractions",
         good(air_temperature=(2, 18.3)), "ok", {T: "ok"}, limits={T: {"deviation": 0.3}}),
    Case("beyond the major tolerance", good(air_temperature=(2, 14.9)), "deviation", {T: "low"}),
    Case("implausible", good(air_temperature=(2, 80.0)), "deviation", {T: "suspect"}),
    Case("rejected by a person", good(co2=(2, 420.0, 3)), "deviation", {"co2": "suspect"}),
    Case("validated by a person", good(co2=(2, 420.0, 2)), "ok", {"co2": "ok"}),
    Case("offline", GOOD, "offline", {T: "offline"}, status={"state": "offline"}),
    Case("nothing is known of the publisher", GOOD, "ok", {T: "ok"}, status=None),
    Case("an online that is no longer repeated: values stand by their own age", GOOD, "ok", {T: "ok"}, said_ago=HOUR),
    Case("never sent anything", {}, "no_data", {T: "no_data"}),
    Case("everything old", dict.fromkeys(GOOD, (31, 1.0)), "stale", {T: "stale"}),
    Case("an alarm comes first", GOOD, "alarm", {T: "ok"}, severities=("warning", "major")),
    Case("a warning beside a deviation", good(air_temperature=(2, 25.0)), "warning", severities=("warning",)),
]  # fmt: skip

LIMITS: tuple[dict[str, dict[str, Any]], ...] = ({}, {T: {}}, {T: {"deviation": 0.3}}, {T: {"low": 0.1, "high": 19.9}})
COMBINED = [
    Case(
        f"{value} at {age} s, setpoint {aim}, quality {quality}, limits {limits}",
        good(air_temperature=(age, value, quality))
        | ({} if aim is None else {"air_temperature_setpoint": aim}),
        limits=limits,
    )
    for age, (value, quality), aim, limits in itertools.product(
        (-7200.0, -120.0, -90.0, 0.0, 30.0, 30.1, 9000.0),
        ((None, 0), (0.0, 0), (18.0, 0), (20.5, 0), (80.0, 0), (18.0, 1), (18.0, 2), (18.0, 3)),
        (None, (0.0, 18.0), (20.0, 17.7), (45.0, 17.7), (0.0, None), (9000.0, 30.0)),
        LIMITS,
    )
]  # fmt: skip

CASES = WRITTEN + COMBINED
