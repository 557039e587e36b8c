"""What docs/examples says works: each file is understood and fits its site."""

import re
import tomllib
from pathlib import Path

import pytest

from publisher.settings import PublisherSettings
from publisher.sources.csv import settings as csv_settings
from publisher.sources.opening import open_source
from schemas import times
from schemas.site import read_site
from service.settings import load
from tests.publisher.sources.driving import drive
from tests.publisher.sources.http_server import Server, sends

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
FILES = [path for path in sorted(EXAMPLES.rglob("*.toml")) if "source" in tomllib.loads(path.read_text("utf-8"))]


def test_there_is_one_for_each_kind_of_source() -> None:
    kinds = {tomllib.loads(path.read_text("utf-8"))["source"]["kind"] for path in FILES}
    assert kinds >= {"csv", "http", "modbus", "opcua"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_example(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    settings = load(PublisherSettings, path)
    site = read_site(settings.site)
    open_source(settings.source, site, site.unit_by_code[settings.publisher.unit])


def test_the_answer_in_the_rest_servers_example_is_read() -> None:
    path = EXAMPLES / "sources" / "rest-server.toml"
    shown = re.sub(r"(?m)^# *", "", "".join(re.findall(r"(?m)^#   .*\n", path.read_text("utf-8"))))
    server = Server()
    try:
        server.behave = sends(shown.replace(", …", "").encode())
        settings = load(PublisherSettings, path)
        site = read_site(None)
        source = open_source(settings.source | {"urls": [server.url]}, site, site.unit_by_code["ecolab-2"])
        result = drive(source, most=1)
    finally:
        server.close()
    (sample,) = result.samples
    assert dict(sample.values) == {"air_temperature": 18.02, "air_temperature_setpoint": None, "co2": 412, "door": 0}
    assert times.to_text(sample.observed_at) == "2026-11-23T14:28:23.000Z"


SHOWN = [
    path
    for path in FILES
    if path.parent.name == "sources" and tomllib.loads(path.read_text("utf-8"))["source"]["kind"] == "csv"
]


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.stem)
def test_the_lines_that_a_csv_example_shows_are_read(path: Path, tmp_path: Path) -> None:
    settings = load(PublisherSettings, path)
    site = read_site(settings.site)
    shown = [line.removeprefix("#   ") for line in path.read_text("utf-8").splitlines() if line.startswith("#   ")]
    source = settings.source | {"join_wait": 0}
    for number, file in enumerate(source["files"]):
        log = tmp_path / f"{number}.csv"
        log.write_text("\n".join([*shown, ""]), encoding=file.get("encoding", "utf-8"))
        file["path"] = str(log)
    result = drive(open_source(source, site, site.unit_by_code[settings.publisher.unit]))
    assert result.faults == []
    mapped = {
        column if isinstance(column, str) else column["parameter"]
        for file in source["files"]
        for column in file["columns"].values()
        if isinstance(column, str) or not column.get("optional")
    }
    assert {name for sample in result.samples for name, value in sample.values.items() if value is not None} >= mapped


def test_every_setting_of_the_csv_source_stands_in_an_example() -> None:
    text = "\n".join(path.read_text("utf-8") for path in SHOWN)
    names = {*csv_settings.File.model_fields, *csv_settings.Column.model_fields, *csv_settings.Settings.model_fields}
    assert {name for name in names if not re.search(rf"\b{name}\b.* = |\b{name}\]", text)} == set()
