"""Clients of the broker, and what their library logs."""

from pathlib import Path

import aiomqtt
import pytest

from broker.connecting import aiomqtt_client
from service.settings import BrokerSettings
from tests.services.mosquitto import Mosquitto


async def test_a_confirmation_that_nobody_waits_for_any_more_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    try:
        async with aiomqtt_client(BrokerSettings(port=broker.port), "late") as client:
            broker.freeze()
            with pytest.raises(aiomqtt.MqttError):
                await client.subscribe("octopus/#", timeout=0.2)
            broker.thaw()
            # The broker answers in turn: the late confirmation has come when this one has.
            await client.publish("octopus/v1/x", b"", qos=1)
    finally:
        broker.stop()
    assert [record.getMessage() for record in caplog.records] == []
