"""Static files: kept for good under their version, asked for each time without it, never from outside the folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from schemas.site import Site
from service.settings import BrokerSettings, DatabaseSettings
from storage.database import connect
from web.app import create_app
from web.http.assets import ROOT, read_assets
from web.settings import WebSettings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[TestClient[Any]]:
    """No database is needed for files."""
    url = f"sqlite:///{tmp_path_factory.mktemp('none')}/none.sqlite"
    engine = connect(DatabaseSettings.model_validate({"url": url}))
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), site, engine)) as client:
        yield client


def script() -> Path:
    return ROOT / "rendering" / "page.js"


def test_a_file_under_its_version_may_be_kept(client: TestClient[Any]) -> None:
    path = script().relative_to(ROOT).as_posix()
    answer = client.get(read_assets().address(path))
    assert answer.content == script().read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    again = client.get(read_assets().address(path), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("prefix", ["/static/", "/static/0123456789ab/"])
def test_a_file_of_no_or_another_version_is_asked_for_each_time(client: TestClient[Any], prefix: str) -> None:
    answer = client.get(prefix + script().relative_to(ROOT).as_posix())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "app.py",
        "http/assets.py",
        "cells/cell.html",
        "%2e%2e/pyproject.toml",
        "..%2fpyproject.toml",
        "/etc/passwd",
        "%00",
        "",
        "vendor",
        "a" * 5000,
        "%ff",
    ],
)
def test_nothing_outside_the_folder_is_served(client: TestClient[Any], path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = read_assets(tmp_path).version
    (tmp_path / "a.js").write_text("2")
    assert read_assets(tmp_path).version != before
