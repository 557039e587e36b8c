"""Announced work is known to the watchdog while it lasts, and no longer: nobody has to end it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from facility.acting.acts import command
from facility.notes.interventions import InterventionDraft, start_intervention
from schemas import times
from schemas.site import Site
from schemas.tables import Intervention
from storage.database import write_sessions
from tests.services.databases import prepare_database
from watchdog.stored import Stored


@pytest.fixture
def engine(tmp_path: Path, site: Site) -> Iterator[Engine]:
    engine = prepare_database(f"sqlite:///{tmp_path}/octopus.sqlite", site)
    yield engine
    engine.dispose()


def test_work_explains_until_its_expected_end(engine: Engine) -> None:
    sessions = write_sessions(engine)
    start_intervention(sessions, command("test"), InterventionDraft(cell="E1C1", minutes=20))
    stored = Stored(sessions)
    assert stored.read()[0].interventions == {"E1C1": "E1C1/intervention"}
    with sessions() as session, session.begin():
        session.execute(update(Intervention).values(expected_end=times.now() - timedelta(seconds=1)))
    assert stored.read()[0].interventions == {}
