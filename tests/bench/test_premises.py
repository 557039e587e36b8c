"""A benchmark measures what it says, or says that it did not."""

from pathlib import Path

import pytest

from bench import measuring
from bench.streams import Streams, open_streams
from schemas import topics
from schemas.site import Site
from tests.services.databases import prepare_database
from tests.services.mosquitto import Mosquitto
from tests.services.process import wait_for
from tests.web.conftest import WebServer, publish, reading


def test_live_streams_are_open_at_the_server_and_bring_changes(
    tmp_path: Path, site: Site, mosquitto_server: Mosquitto
) -> None:
    url = f"sqlite:///{tmp_path}/octopus.sqlite"
    prepare_database(url, site).dispose()
    server = WebServer(tmp_path, broker=mosquitto_server.port, database=url)
    server.start()
    try:
        with Streams(server.port, 5) as streams:

            def changed() -> bool:
                publish(mosquitto_server.port, topics.readings("ecolab-3", "E3C1"), reading(air_temperature=18.0))
                return streams.fewest_changes > 2

            wait_for(changed, "each stream brings changes")
            assert streams.require_open() == 5
            with pytest.raises(measuring.PremiseError, match="5 live streams are open at the server, not 6"):
                streams.require_open(1)
        wait_for(lambda: open_streams(server.port) == 0, "they end with the benchmark")
    finally:
        server.stop()


def test_what_was_not_measured_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    def without_rows() -> int:
        measuring.require(premise=False, otherwise="10 rows in the table, not 20")
        return 0

    assert measuring.finish(without_rows) == 2
    said = capsys.readouterr().out
    assert "NOT MEASURED  10 rows in the table, not 20" in said
    assert "load after: " in said


def test_processor_time_counts_children_that_have_ended(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    before = measuring.family_cpu(os.getpid())
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    assert measuring.family_cpu(os.getpid()) - before > 0.4  # counted in hundredths, rounded down
