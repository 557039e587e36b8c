"""The live state as pages and streams get it: plain values, ready for JSON, made from a picture in any thread."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from schemas import times
from schemas.messages import Message
from schemas.picture import Latest, Picture, Presence


class CellSnapshot(TypedDict):
    """A cell's newest values by parameter, each in its parameter's unit (None: the sensor gave none).

    `observed_at` is the newest time among them, RFC 3339; `times` holds those of parameters whose own is another.
    `quality` holds the flags that are not 0 (schemas.tables.Quality).
    """

    observed_at: str
    values: dict[str, float | None]
    quality: dict[str, int]
    times: NotRequired[dict[str, str]]


class StatusSnapshot(TypedDict):
    """The last status of a unit's publisher or of a service, with the time at which it was certainly there."""

    state: str
    since: str
    at: NotRequired[str]
    heard_at: NotRequired[str]
    version: NotRequired[str]
    publisher: NotRequired[str]
    sequence: NotRequired[int]
    waiting: NotRequired[int]


class Snapshot(TypedDict):
    """Everything that is known live at `now` (RFC 3339).

    Alarms and experiments are the messages of their topics (schemas.messages.Alarm and CellExperiment) without the
    members that are absent. Without `broker_connected` nothing of it can be relied upon to be new.
    """

    now: str
    broker_connected: bool
    cells: dict[str, CellSnapshot]
    units: dict[str, StatusSnapshot]
    services: dict[str, StatusSnapshot]
    alarms: list[dict[str, Any]]
    experiments: dict[str, dict[str, Any]]


class Delta(TypedDict, total=False):
    """The changes since the previous snapshot: changed cells whole, None for removed ones."""

    now: str
    broker_connected: bool
    cells: dict[str, CellSnapshot]
    units: dict[str, StatusSnapshot | None]
    services: dict[str, StatusSnapshot | None]
    alarms: list[dict[str, Any]]
    experiments: dict[str, dict[str, Any] | None]


def take_snapshot(picture: Picture, now: datetime) -> Snapshot:
    """Return everything that a picture holds."""
    return {
        "now": times.to_text(now),
        "broker_connected": picture.connected,
        "cells": {cell: cell_snapshot(picture.cells[cell]) for cell in sorted(picture.cells)},
        "units": {unit: status_snapshot(presence) for unit, presence in picture.units.items()},
        "services": {service: status_snapshot(presence) for service, presence in picture.services.items()},
        "alarms": alarms_snapshot(picture),
        "experiments": {cell: plain(experiment) for cell, experiment in picture.experiments.items()},
    }


def cell_snapshot(values: Mapping[str, Latest]) -> CellSnapshot:
    """Return a cell's values; there is at least one."""
    newest = max(value.observed_at for value in values.values())
    content: CellSnapshot = {
        "observed_at": times.to_text(newest),
        "values": {parameter: value.value for parameter, value in values.items()},
        "quality": {parameter: int(value.quality) for parameter, value in values.items() if value.quality},
    }
    others = {code: times.to_text(value.observed_at) for code, value in values.items() if value.observed_at != newest}
    if others:
        content["times"] = others
    return content


def status_snapshot(presence: Presence) -> StatusSnapshot:
    """Return a status with the time at which it was received."""
    content: StatusSnapshot = plain(presence.status)  # type: ignore[assignment]
    if presence.heard_at is not None:
        content["heard_at"] = times.to_text(presence.heard_at)
    return content


def alarms_snapshot(picture: Picture) -> list[dict[str, Any]]:
    return [plain(alarm) for alarm in picture.alarms.values()]


def plain(message: Message) -> dict[str, Any]:
    """Return a message's members without those that are absent, times as text."""
    return message.model_dump(mode="python", exclude_none=True)
