"""What docs/examples says works: each file is understood and fits its site."""

import re
import tomllib
from pathlib import Path

import pytest

from publisher.settings import PublisherSettings
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
