"""Whoever is there says so every minute, with the time: a retained `online` can then be told from a dead one."""

from pathlib import Path
from queue import SimpleQueue
from typing import Any

from publisher.outbox import Outbox
from publisher.publishing import Publishing
from schemas import times
from schemas.messages import PRESENCE_SECONDS, Status
from service.settings import BrokerSettings


class Broker:
    """Takes what is published."""

    def __init__(self) -> None:
        self.said: list[Status] = []

    def publish(self, topic: str, payload: bytes, **_: Any) -> None:
        assert topic == "octopus/v1/ecolab-2/status"
        self.said.append(Status.model_validate_json(payload))


def test_a_publisher_repeats_its_status_every_minute(tmp_path: Path) -> None:
    outbox, broker = Outbox(tmp_path / "outbox.sqlite"), Broker()
    publishing = Publishing(BrokerSettings(), "ecolab-2", outbox, "0", SimpleQueue())
    publishing._connection = broker  # type: ignore[assignment]  # noqa: SLF001 - neither socket nor clock is needed
    for seconds in range(0, 200, 10):
        publishing._publish_status(1000.0 + seconds)  # noqa: SLF001
    assert len(broker.said) == 4
    assert PRESENCE_SECONDS == 60
    for status in broker.said:
        assert status.at is not None
        assert abs((times.now() - status.at).total_seconds()) < 60
    assert len({status.since for status in broker.said}) == 1
    outbox.close()
