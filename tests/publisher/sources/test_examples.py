"""What docs/examples says works: each file is understood and fits its site."""

import tomllib
from pathlib import Path

import pytest

from publisher.settings import PublisherSettings
from publisher.sources.opening import open_source
from schemas.site import read_site
from service.settings import load

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
