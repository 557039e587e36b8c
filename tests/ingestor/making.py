"""Messages, arrivals and batches for the ingestor's tests; valid unless a test says otherwise."""

import time
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Engine

from ingestor.decoding import Decoded, decode
from ingestor.inbox import Arrival
from ingestor.series_index import SeriesIndex, load_series_index

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC).timestamp()


def make_reading(at: str = "2026-11-23T14:28:23.376Z", **changes: Any) -> dict[str, Any]:
    return {"observed_at": at, "values": {"air_temperature": 18.02, "co2": None}} | changes


def make_arrival(content: Any, topic: str = "octopus/v1/ecolab-1/E1C1/readings", **changes: Any) -> Arrival:
    payload = content if isinstance(content, bytes) else orjson.dumps(content)
    given: dict[str, Any] = {"received_at": NOW, "repeat": False, "acknowledge": lambda: None} | changes
    return Arrival(topic, payload, **given)


def station_of(engine: Engine) -> SeriesIndex:
    with engine.connect() as connection:
        return load_series_index(connection)


def decoded(engine: Engine, *arrivals: Arrival) -> list[Decoded]:
    station = station_of(engine)
    return [reading for arrival in arrivals for reading in decode(arrival, station)]


def text_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_text() -> str:
    return text_of(time.time())
