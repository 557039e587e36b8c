"""The API does what its description says, whatever is sent: schemathesis tries every operation."""

import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.tokens import TokenDraft, create_token
from schemas.site import Site
from tests.conftest import prepare_database
from tests.facility.conftest import make_station
from tests.services.mosquitto import Mosquitto
from tests.web.conftest import WebServer

# `/live` never ends, `/health` rightly answers 503 here, `/metrics` is no JSON; they have tests of their own.
OPERATIONS = "^/api"
# A run that revokes its own token learns nothing more.
LEFT_OUT = "^/api/account/tokens/"


@pytest.fixture
def server(tmp_path: Path, site: Site, mosquitto_server: Mosquitto) -> Iterator[tuple[WebServer, str]]:
    url = f"sqlite:///{tmp_path}/octopus.sqlite"
    engine = prepare_database(url, site)
    station = make_station(engine)
    draft = ExperimentDraft.model_validate(
        {"code": "A", "title": "A", "state": "planned", "planned_start": "2026-01-01", "planned_end": "2026-12-31"}
    )
    create_experiment(station.sessions, station.admin, draft)
    token = create_token(station.sessions, station.admin, TokenDraft(name="schemathesis")).secret
    engine.dispose()
    web = WebServer(tmp_path, broker=mosquitto_server.port, database=url)
    web.start()
    yield web, token
    web.stop()


def test_schemathesis_finds_nothing(server: tuple[WebServer, str], tmp_path: Path) -> None:
    web, token = server
    program = Path(sysconfig.get_path("scripts")) / "schemathesis"
    assert program.exists(), "schemathesis is not installed: it is in the dependency group `test`"
    config = tmp_path / "schemathesis.toml"
    # In a file, not in the argument list: other people's processes can read that.
    # 400 and 422: what no schema can say (a letter that cannot be shown, an end before its start) is refused, too.
    config.write_text(
        f'headers = {{ Authorization = "Bearer {token}" }}\n'
        "[checks.positive_data_acceptance]\n"
        'expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "429"]\n'
    )
    done = subprocess.run(
        [
            str(program),
            f"--config-file={config}",
            "run",
            f"{web.base}/schema/openapi.json",
            f"--include-path-regex={OPERATIONS}",
            f"--exclude-path-regex={LEFT_OUT}",
            "--checks=all",
            # Litestar answers OPTIONS with the methods of the last handler of a path only.
            "--exclude-checks=allow_header_conformance",
            "--max-examples=12",
            "--phases=examples,coverage,fuzzing",
            "--seed=1",
            "--request-timeout=20",
            "--suppress-health-check=all",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "default", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
