"""From a message to rows: pure, and whatever comes out fits the tables.

A message as our publishers send it passes the models at once. Anything else is taken apart by hand: one
bad value costs that value, one bad reading does not cost the others, and each loss has its reason.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ingestor import faults
from ingestor.inbox import Arrival
from ingestor.stations import KnownCell, Station
from schemas.messages import MAX_PAYLOAD, Backlog, Reading
from schemas.tables import Quality
from schemas.topics import parse_cell_topic

# A series, its instant as the tables write it, the value, the quality.
Row = tuple[int, str, float | None, int]

_EARLIEST = 946_684_800.0  # 2000-01-01
_FUTURE_SUSPECT = 120.0
_FUTURE_REFUSED = 86_400.0
# No sensor measures this, and sums of such values would leave what a DOUBLE can hold.
_LARGEST = 1e100
_MANY = 100
_RAW, _SUSPECT = int(Quality.RAW), int(Quality.SUSPECT)


@dataclass(slots=True)
class Decoded:
    """A reading as rows. Where `reason` is set, something of it (all, without rows) could not be kept."""

    topic: str
    unit: str
    unit_id: int | None
    received_at: float
    repeat: bool
    publisher: str | None = None
    sequence: int | None = None
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    reason: str | None = None
    # Names something that the site's tables did not have when they were last read.
    unknown: bool = False
    source: bytes | Reading = b""

    @property
    def payload(self) -> bytes:
        """What was sent, for a person who asks why or who sends it again."""
        return self.source.to_json() if isinstance(self.source, Reading) else self.source


def decode(arrival: Arrival, station: Station) -> list[Decoded]:
    """Return the readings of a message; never raise for what is in it."""
    place = parse_cell_topic(arrival.topic)
    if place is None:
        return [_refused(arrival, "", None, "the topic does not fit octopus/v1/<unit>/<cell>/readings or …/backlog")]
    unit_id = station.units.get(place.unit)
    cell = station.cells.get(place.cell)
    reason: str | None
    if unit_id is None:
        reason = f"no unit is called {place.unit}: apply a site file that has it (octopus site apply)"
    elif cell is None:
        reason = f"no cell is called {place.cell}: apply a site file that has it (octopus site apply)"
    elif cell.unit != place.unit:
        reason = f"cell {place.cell} belongs to unit {cell.unit}, not to {place.unit}"
    elif len(arrival.payload) > MAX_PAYLOAD:
        reason = f"a payload of {len(arrival.payload)} bytes: at most {MAX_PAYLOAD} are read"
    else:
        reason = None
    if len(arrival.payload) > MAX_PAYLOAD:
        return [_refused(arrival, place.unit, unit_id, reason or "")]
    if place.kind == "readings":
        readings = [_reading(arrival, place.unit, unit_id, cell, reason, station)]
    else:
        readings = list(_backlog(arrival, place.unit, unit_id, cell, reason, station))
    if cell is None or cell.unit != place.unit:
        for reading in readings:
            reading.unknown = True
    return readings


def _reading(
    arrival: Arrival, unit: str, unit_id: int | None, cell: KnownCell | None, reason: str | None, station: Station
) -> Decoded:
    if cell is not None and reason is None:
        try:
            message = Reading.model_validate_json(arrival.payload)
        except ValidationError:
            pass
        else:
            decoded = _rows(arrival, message, cell, station)
            decoded.source = arrival.payload
            return decoded
    try:
        content = json.loads(arrival.payload)
    except (ValueError, RecursionError) as error:
        return _refused(arrival, unit, unit_id, reason or f"not valid JSON: {faults.brief(error)}")
    return _by_hand(arrival, content, arrival.payload, unit, unit_id, cell, reason, station)


def _backlog(
    arrival: Arrival, unit: str, unit_id: int | None, cell: KnownCell | None, reason: str | None, station: Station
) -> Iterator[Decoded]:
    if cell is not None and reason is None:
        try:
            backlog = Backlog.model_validate_json(arrival.payload)
        except ValidationError:
            pass
        else:
            for message in backlog.readings:
                decoded = _rows(arrival, message, cell, station)
                decoded.source = message
                yield decoded
            return
    try:
        content = json.loads(arrival.payload)
    except (ValueError, RecursionError) as error:
        yield _refused(arrival, unit, unit_id, reason or f"not valid JSON: {faults.brief(error)}")
        return
    readings = content.get("readings") if isinstance(content, dict) else None
    if not isinstance(readings, list) or not readings:
        yield _refused(arrival, unit, unit_id, reason or "a backlog holds a list of readings")
        return
    unnumbered = 0
    for item in readings:
        decoded = _by_hand(arrival, item, None, unit, unit_id, cell, reason, station)
        if decoded.sequence is None and not decoded.rows:
            unnumbered += 1
            if unnumbered > _MANY:
                continue
        yield decoded
    if unnumbered > _MANY:
        yield _refused(
            arrival, unit, unit_id, f"{unnumbered - _MANY} more readings of this message are like those before"
        )


def _rows(arrival: Arrival, message: Reading, cell: KnownCell, station: Station) -> Decoded:
    decoded = Decoded(
        arrival.topic, cell.unit, cell.unit_id, arrival.received_at, arrival.repeat, message.publisher, message.sequence
    )
    observed = message.observed_at
    decoded.seconds = seconds = observed.timestamp()
    if (reason := _untimely(observed, seconds, arrival.received_at)) is not None:
        decoded.reason = reason
        return decoded
    text = observed.replace(tzinfo=None).isoformat(" ", "milliseconds")
    usual = _SUSPECT if seconds > arrival.received_at + _FUTURE_SUSPECT else _RAW
    rows, series = decoded.rows, cell.series
    losses: list[str] = []
    for code, value in message.values.items():
        known = series.get(code)
        if known is None:
            losses.append(_unknown(code, arrival, station))
            decoded.unknown = True
        elif value is None:
            rows.append((known.id, text, None, usual))
        elif known.minimum <= value <= known.maximum:
            rows.append((known.id, text, value, usual))
        elif -_LARGEST <= value <= _LARGEST:
            rows.append((known.id, text, value, _SUSPECT))
        else:
            losses.append(f"{code}: {value!r} is more than any sensor measures")
    if losses:
        decoded.reason = faults.join(losses)
    return decoded


def _by_hand(
    arrival: Arrival,
    content: Any,
    payload: bytes | None,
    unit: str,
    unit_id: int | None,
    cell: KnownCell | None,
    reason: str | None,
    station: Station,
) -> Decoded:
    """Keep what can be kept of a reading that the model refuses, or that has no place."""
    raw = payload if payload is not None else json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    if not isinstance(content, dict):
        return _refused(arrival, unit, unit_id, reason or "a reading is a JSON object", raw)
    losses: list[str] = [] if reason is None else [reason]
    publisher, sequence = faults.numbering(content, losses)
    observed = faults.instant(content.get("observed_at"), losses)
    values = faults.values(content.get("values"), losses)
    if reason is None and observed is not None and values and cell is not None:
        message = Reading.model_construct(
            publisher=publisher, sequence=sequence, observed_at=observed, values=dict(values)
        )
        decoded = _rows(arrival, message, cell, station)
    else:
        decoded = Decoded(arrival.topic, unit, unit_id, arrival.received_at, arrival.repeat, publisher, sequence)
    if decoded.reason is not None:
        losses.append(decoded.reason)
    decoded.reason = faults.join(losses) if losses else None
    decoded.source = raw
    return decoded


def _refused(arrival: Arrival, unit: str, unit_id: int | None, reason: str, payload: bytes | None = None) -> Decoded:
    return Decoded(
        arrival.topic, unit, unit_id, arrival.received_at, arrival.repeat,
        reason=reason, source=arrival.payload if payload is None else payload,
    )  # fmt: skip


def _untimely(observed: datetime, seconds: float, received_at: float) -> str | None:
    if seconds < _EARLIEST:
        return f"observed_at {observed:%Y-%m-%d %H:%M:%S}Z is before 2000: is the clock set?"
    if seconds > received_at + _FUTURE_REFUSED:
        return f"observed_at {observed:%Y-%m-%d %H:%M:%S}Z is more than a day in the future: is the clock set?"
    return None


def _unknown(code: str, arrival: Arrival, station: Station) -> str:
    cell = arrival.topic.split("/")[3]
    if code in station.parameters:
        return f"cell {cell} has no {code}: the site file says which cells have it"
    return f"no parameter is called {code}: apply a site file that has it (octopus site apply)"
