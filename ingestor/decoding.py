"""From a message to rows: pure, and whatever comes out fits the tables.

A message as our publishers send it passes the models at once. Anything else is taken apart by hand: one
bad value costs that value, one bad reading does not cost the others, and each loss has its reason.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ingestor import faults
from ingestor.clocks import FUTURE_REFUSED, FUTURE_SUSPECT
from ingestor.inbox import Arrival
from ingestor.series_index import KnownCell, SeriesIndex
from schemas import topics
from schemas.messages import MAX_PAYLOAD, Backlog, Canary, Reading
from schemas.tables import Quality
from schemas.tolerant_json import read_json
from schemas.topics import CellTopic, parse_cell_topic

# A series, its instant as the tables write it, the value, the quality.
Row = tuple[int, str, float | None, int]

_EARLIEST = 946_684_800.0  # 2000-01-01
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
    digest: str | None = None
    # Observed so far ahead of our clock that one of the two clocks must be wrong.
    future: bool = False
    # No reading, but the watchdog's numbered message.
    canary: Canary | None = None

    @property
    def payload(self) -> bytes:
        """What was sent, for a person who asks why or who sends it again."""
        return self.source.to_json() if isinstance(self.source, Reading) else self.source


@dataclass(slots=True)
class _Place:
    """Where a message claims to come from; `reason` says why that cannot be."""

    unit: str
    unit_id: int | None
    cell: KnownCell | None
    reason: str | None


def decode(arrival: Arrival, station: SeriesIndex) -> list[Decoded]:
    """Return the readings of a message; never raise for what is in it."""
    if arrival.topic == topics.CANARY:
        return _canary(arrival)
    topic = parse_cell_topic(arrival.topic)
    if topic is None:
        return [
            _refused(
                arrival,
                _Place("", None, None, None),
                "the topic does not fit octopus/v1/<unit>/<cell>/readings or …/backlog",
            )
        ]
    place = _locate(topic, station)
    if len(arrival.payload) > MAX_PAYLOAD:
        reason = place.reason or f"a payload of {len(arrival.payload)} bytes: at most {MAX_PAYLOAD} are read"
        return [_refused(arrival, place, reason)]
    decoded = (_reading if topic.kind == "readings" else _backlog)(arrival, place, station)
    if place.reason is not None:
        for reading in decoded:
            reading.unknown = True
    return decoded


def _canary(arrival: Arrival) -> list[Decoded]:
    place = _Place("", None, None, None)
    try:
        canary = Canary.model_validate_json(arrival.payload)
    except ValidationError as error:
        return [_refused(arrival, place, f"not a canary: {faults.brief(error)}")]
    return [Decoded(arrival.topic, "", None, arrival.received_at, arrival.repeat, canary=canary)]


def _locate(topic: CellTopic, station: SeriesIndex) -> _Place:
    unit_id = station.units.get(topic.unit)
    cell = station.cells.get(topic.cell)
    reason = None
    if unit_id is None:
        reason = f"no unit is called {topic.unit}: apply a site file that has it (octopus site apply)"
    elif cell is None:
        reason = f"no cell is called {topic.cell}: apply a site file that has it (octopus site apply)"
    elif cell.unit_id != unit_id:
        reason = f"cell {topic.cell} belongs to unit {cell.unit}, not to {topic.unit}"
    if cell is not None and cell.unit != topic.unit:
        # A unit that was renamed hears of what is stored under the code that it sends with.
        cell = replace(cell, unit=topic.unit)
    return _Place(topic.unit, unit_id, None if reason else cell, reason)


def _reading(arrival: Arrival, place: _Place, station: SeriesIndex) -> list[Decoded]:
    if place.cell is not None:
        try:
            message = Reading.model_validate_json(arrival.payload)
        except ValidationError:
            pass
        else:
            return [_rows(arrival, message, place.cell, station, arrival.payload)]
    try:
        content = read_json(arrival.payload)
    except ValueError as error:
        return [_refused(arrival, place, f"not valid JSON: {faults.brief(error)}")]
    return [_by_hand(arrival, content, place, station, arrival.payload)]


def _backlog(arrival: Arrival, place: _Place, station: SeriesIndex) -> list[Decoded]:
    if place.cell is not None:
        try:
            backlog = Backlog.model_validate_json(arrival.payload)
        except ValidationError:
            pass
        else:
            cell = place.cell
            return [_rows(arrival, message, cell, station, message) for message in backlog.readings]
    try:
        content = read_json(arrival.payload)
    except ValueError as error:
        return [_refused(arrival, place, f"not valid JSON: {faults.brief(error)}")]
    readings = content.get("readings") if isinstance(content, dict) else None
    if not isinstance(readings, list) or not readings:
        return [_refused(arrival, place, "a backlog holds a list of readings")]
    return _items(arrival, readings, place, station)


def _items(arrival: Arrival, readings: list[Any], place: _Place, station: SeriesIndex) -> list[Decoded]:
    """Take the readings of a backlog one by one; a flood of nonsense is told in short."""
    kept: list[Decoded] = []
    nonsense = 0
    for item in readings:
        raw = _written(item)
        decoded = _by_hand(arrival, item, place, station, raw)
        if decoded.sequence is None and not decoded.rows:
            nonsense += 1
            if nonsense > _MANY:
                continue
        kept.append(decoded)
    if nonsense > _MANY:
        kept.append(_refused(arrival, place, f"{nonsense - _MANY} more readings of this message are like those before"))
    return kept


def _rows(
    arrival: Arrival, message: Reading, cell: KnownCell, station: SeriesIndex, source: bytes | Reading
) -> Decoded:
    decoded = Decoded(
        arrival.topic, cell.unit, cell.unit_id, arrival.received_at, arrival.repeat,
        message.publisher, message.sequence,
        source=source, digest=message.digest,
    )  # fmt: skip
    observed = message.observed_at
    decoded.seconds = seconds = observed.timestamp()
    if (reason := _untimely(observed, seconds, arrival.received_at)) is not None:
        decoded.reason = reason
        decoded.future = seconds > arrival.received_at
        return decoded
    text = observed.replace(tzinfo=None).isoformat(" ", "milliseconds")
    usual = _SUSPECT if seconds > arrival.received_at + FUTURE_SUSPECT else _RAW
    rows, series = decoded.rows, cell.series
    losses: list[str] = []
    for code, value in message.values.items():
        known = series.get(code)
        if known is None:
            losses.append(_unknown(code, arrival, station))
            decoded.unknown = True
        elif value is None:
            rows.append((known.id, text, None, usual))
        elif not -_LARGEST <= value <= _LARGEST:  # first of all: a parameter may have no range of its own
            losses.append(f"{code}: {value!r} is more than any sensor measures")
        elif known.minimum <= value <= known.maximum and code not in message.suspect:
            rows.append((known.id, text, value, usual))
        else:
            rows.append((known.id, text, value, _SUSPECT))
    if losses:
        decoded.reason = faults.join(losses)
    return decoded


def _by_hand(arrival: Arrival, content: Any, place: _Place, station: SeriesIndex, raw: bytes) -> Decoded:
    """Keep what can be kept of a reading that the model refuses, or that has no place."""
    if not isinstance(content, dict):
        return _refused(arrival, place, "a reading is a JSON object", raw)
    losses: list[str] = [] if place.reason is None else [place.reason]
    publisher, sequence = faults.numbering(content, losses)
    digest = faults.digest(content)
    observed = faults.instant(content.get("observed_at"), losses)
    values = faults.values(content.get("values"), losses)
    suspect = faults.suspect(content.get("suspect"), losses)
    if observed is not None and values and place.cell is not None:
        message = Reading.model_construct(
            publisher=publisher, sequence=sequence, observed_at=observed, values=values, suspect=suspect, digest=digest
        )
        decoded = _rows(arrival, message, place.cell, station, raw)
    else:
        decoded = Decoded(
            arrival.topic, place.unit, place.unit_id, arrival.received_at, arrival.repeat, publisher, sequence,
            source=raw, digest=digest,
        )  # fmt: skip
    if decoded.reason is not None:
        losses.append(decoded.reason)
    decoded.reason = faults.join(losses) if losses else None
    return decoded


def _written(item: Any) -> bytes:
    try:
        return json.dumps(item, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):  # a number of thousands of digits, more levels than can be written
        return repr(type(item)).encode()


def _refused(arrival: Arrival, place: _Place, reason: str, payload: bytes | None = None) -> Decoded:
    return Decoded(
        arrival.topic, place.unit, place.unit_id, arrival.received_at, arrival.repeat,
        reason=place.reason or reason, source=arrival.payload if payload is None else payload,
    )  # fmt: skip


def _untimely(observed: datetime, seconds: float, received_at: float) -> str | None:
    if seconds < _EARLIEST:
        return f"observed_at {observed:%Y-%m-%d %H:%M:%S}Z is before 2000: is the clock set?"
    if seconds > received_at + FUTURE_REFUSED:
        return f"observed_at {observed:%Y-%m-%d %H:%M:%S}Z is more than a day in the future: is the clock set?"
    return None


def _unknown(code: str, arrival: Arrival, station: SeriesIndex) -> str:
    cell = arrival.topic.split("/")[3]
    if code in station.parameters:
        return f"cell {cell} has no {code}: the site file says which cells have it"
    return f"no parameter is called {code}: apply a site file that has it (octopus site apply)"
