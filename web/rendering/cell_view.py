"""The judge's verdicts with what pages need beside them: parameters, partners and words, from the live snapshot.

web/rendering/states.js shows the same in the browser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas import times
from schemas.messages import Alarm, ParameterLimits, Status
from schemas.picture import Latest
from schemas.site import Parameter, Site
from telemetry.judging import (
    CellState,
    CellVerdict,
    PresenceState,
    ValueState,
    ValueVerdict,
    judge_cell,
    judge_presence,
)
from web.live.snapshot import CellSnapshot, Snapshot, StatusSnapshot
from web.rendering.texts import N_

STATE_LABELS: dict[CellState, str] = {
    "alarm": N_("Alarm"),
    "offline": N_("Offline"),
    "no_data": N_("No data"),
    "stale": N_("Stale"),
    "warning": N_("Warning"),
    "deviation": N_("Deviation"),
    "incomplete": N_("Incomplete"),
    "ok": N_("Normal"),
}
# A cell that is offline says so once, not at each value.
VALUE_LABELS: dict[ValueState, str] = {
    "no_data": N_("never received"),
    "offline": "",
    "stale": N_("stale"),
    "no_value": N_("no value"),
    "suspect": N_("suspect"),
    "high": N_("too high"),
    "low": N_("too low"),
    "ok": "",
}


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A parameter's verdict beside that of the setpoint or command that belongs to it."""

    parameter: Parameter
    verdict: ValueVerdict
    partner: Parameter | None
    partner_verdict: ValueVerdict | None


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as cards, plan and wall show it."""

    code: str
    unit: str
    verdict: CellVerdict
    values: tuple[ShownValue, ...]
    experiment: Mapping[str, Any] | None

    @property
    def state(self) -> CellState:
        return self.verdict.state

    @property
    def main(self) -> tuple[ShownValue, ...]:
        """The values that the site file calls main, in its order."""
        return tuple(v for v in self.values if v.parameter.main)

    def value(self, code: str) -> ShownValue | None:
        """Return a parameter's value; None for one that the cell does not have."""
        return next((v for v in self.values if v.parameter.code == code), None)


def show_station(site: Site, snapshot: Snapshot) -> dict[str, object]:
    """Return what a page with live values needs: the snapshot, its cells and the presence of its units, judged."""
    return {"snapshot": snapshot, "cells": show_cells(site, snapshot), "presences": show_presences(site, snapshot)}


def show_cells(site: Site, snapshot: Snapshot) -> dict[str, ShownCell]:
    """Return every cell of the site, in its order, also those that never sent anything."""
    now = times.from_text(snapshot["now"])
    presences = show_presences(site, snapshot)
    alarms = [Alarm.model_validate(alarm) for alarm in snapshot["alarms"]]
    return {
        cell: _show_cell(site, snapshot, cell, presence=presences[unit.code], alarms=alarms, now=now)
        for cell, unit in site.unit_of_cell.items()
    }


def show_presences(site: Site, snapshot: Snapshot) -> dict[str, PresenceState]:
    """Return whether each unit's publisher is there."""
    now = times.from_text(snapshot["now"])
    return {unit.code: _presence(snapshot["units"].get(unit.code), now) for unit in site.units}


def _presence(status: StatusSnapshot | None, now: datetime) -> PresenceState:
    if status is None:
        return "unknown"
    heard_at = times.from_text(status["heard_at"]) if "heard_at" in status else None
    return judge_presence(Status.model_validate(status), heard_at, now)


def _show_cell(
    site: Site,
    snapshot: Snapshot,
    cell: str,
    *,
    presence: PresenceState,
    alarms: list[Alarm],
    now: datetime,
) -> ShownCell:
    experiment = snapshot["experiments"].get(cell)
    named: Mapping[str, Any] = {} if experiment is None else experiment.get("limits") or {}
    limits = {code: ParameterLimits.model_validate(item) for code, item in named.items()}
    latest = _latest(snapshot["cells"].get(cell))
    verdict = judge_cell(site, cell, latest, presence=presence, limits=limits, alarms=alarms, now=now)
    commands = {p.command_of: p for p in site.parameters if p.command_of is not None}
    values = []
    for parameter in site.parameters_of(cell):
        partner = site.setpoint_by_measured.get(parameter.code) or commands.get(parameter.code)
        beside = None if partner is None else verdict.values.get(partner.code)
        values.append(ShownValue(parameter, verdict.values[parameter.code], partner if beside else None, beside))
    return ShownCell(cell, site.unit_of_cell[cell].code, verdict, tuple(values), experiment)


def _latest(cell_snapshot: CellSnapshot | None) -> dict[str, Latest]:
    """Return a cell of the snapshot as values with their own times: that of the newest where no other is given."""
    if cell_snapshot is None:
        return {}
    others = cell_snapshot.get("times", {})
    instants = {text: times.from_text(text) for text in {cell_snapshot["observed_at"], *others.values()}}
    return {
        code: Latest(
            instants[others.get(code, cell_snapshot["observed_at"])], value, cell_snapshot["quality"].get(code, 0)
        )
        for code, value in cell_snapshot["values"].items()
    }
