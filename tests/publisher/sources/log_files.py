"""Log files that a test writes, and the csv source that follows them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.sources.csv import Settings, open_source
from publisher.sources.source import Source
from schemas.site import Site

SAMPLES = Path(__file__).parent / "samples"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def open_csv(site: Site, *files: dict[str, Any], join_wait: float = 0, unit: str = "ecolab-1") -> Source:
    settings = Settings.model_validate({"kind": "csv", "join_wait": join_wait, "interval": 0.01, "files": list(files)})
    return open_source(settings, site, site.unit_by_code[unit])


def plain(path: Path | str, **more: Any) -> dict[str, Any]:
    """The simplest of files: ISO times in UTC and one temperature."""
    return {
        "path": str(path),
        "time_columns": ["time"],
        "timezone": "UTC",
        "cell": "E1C1",
        "columns": {"T": "air_temperature"},
    } | more


def rows(first: int, last: int) -> str:
    """Lines number first to last, a minute apart, whose value is their number."""
    return "".join(f"{utc(2026, 11, 3) + timedelta(minutes=n):%Y-%m-%d %H:%M},{n}\n" for n in range(first, last + 1))


def numbers(result: Any) -> list[float | None]:
    return [value for _, value in result.values("air_temperature")]


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)
