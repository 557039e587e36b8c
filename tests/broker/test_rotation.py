"""A broker password that is changed in its file is used at the next connection, without a restart."""

import asyncio
import threading
from pathlib import Path

import aiomqtt
import paho.mqtt.client as mqtt
import pytest

from broker import accounts
from broker.connecting import aiomqtt_client, connect_options, paho_client
from service.settings import BrokerSettings, SecretFileError
from tests.broker.guarded import Guarded
from tests.services.process import wait_for


def change_password(server: Guarded, account: str, password: str) -> None:
    """Give the account another password; the server takes it with its next start."""
    (server.secrets / account).write_text(f"{password}\n")
    accounts.make(server.secrets, [])


def test_clients_take_the_new_password_when_they_connect_again(tmp_path: Path) -> None:
    server = Guarded(tmp_path)
    server.start()
    settings = BrokerSettings(port=server.port, username="ingestor", password_file=server.secrets / "ingestor")
    connected, refused = threading.Semaphore(0), threading.Event()

    def on_connect(_client: mqtt.Client, _data: object, _flags: object, reason: object, _properties: object) -> None:
        if getattr(reason, "is_failure", False):
            refused.set()
        else:
            connected.release()

    client = paho_client(settings, "rotating")
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    client.on_connect = on_connect
    client.connect_async(**connect_options(settings))
    client.loop_start()
    try:
        assert connected.acquire(timeout=30)
        server.stop()
        change_password(server, "ingestor", "another-password")
        server.start()
        assert connected.acquire(timeout=60), "paho goes on with the old password"

        async def connect() -> None:
            async with aiomqtt_client(settings, "rotating-too"):
                return

        asyncio.run(connect())

        # The file is away for a moment, as while it is replaced: tried again, not the end of the thread.
        server.stop()
        file = server.secrets / "ingestor"
        moved = file.rename(file.with_name(".moved"))
        server.start()
        with pytest.raises(SecretFileError, match=r"broker\.password_file: .*ingestor: No such file"):
            asyncio.run(connect())
        moved.rename(file)
        assert connected.acquire(timeout=60), "paho gave up"
        assert not refused.is_set()
    finally:
        client.disconnect()
        client.loop_stop()
        server.stop()


def test_a_refused_client_connects_once_its_file_has_the_right_password(tmp_path: Path) -> None:
    server = Guarded(tmp_path)
    server.start()
    right = server.password("ingestor")
    file = tmp_path / "password"
    file.write_text("wrong\n")
    settings = BrokerSettings(port=server.port, username="ingestor", password_file=file)

    async def connect() -> None:
        async with aiomqtt_client(settings, "refused"):
            return

    client = paho_client(settings, "refused-too")
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    client.connect_async(**connect_options(settings))
    client.loop_start()
    try:
        with pytest.raises(aiomqtt.MqttError):
            asyncio.run(connect())
        assert not client.is_connected()
        file.write_text(f"{right}\n")
        asyncio.run(connect())
        wait_for(client.is_connected, "paho connects with the password that the file has now")
    finally:
        client.disconnect()
        client.loop_stop()
        server.stop()
