"""The doctor's look at the broker: reachable, credentials, and limits that lose messages silently."""

import threading
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

from broker.connecting import connect_options, paho_client
from octopus.findings import Finding
from octopus.settings import CommandSettings
from schemas.messages import MAX_PAYLOAD

_SECONDS = 5.0
_DROPPED = "$SYS/broker/publish/messages/dropped"
_VERSION = "$SYS/broker/version"


def check(chosen: CommandSettings) -> Iterator[Finding]:
    where = f"{chosen.broker.host}:{chosen.broker.port}"
    connected, told = threading.Event(), threading.Event()
    seen: dict[str, Any] = {}
    try:
        # A name of its own: two doctors at a time must not push each other out.
        client = paho_client(chosen.broker, f"octopus-doctor-{token_hex(4)}", reconnect=False)
    except OSError as error:
        yield Finding("FAIL", "broker", str(error))
        return

    def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        seen["reason"], seen["properties"] = reason, properties
        connected.set()

    def on_message(_client: Any, _data: Any, message: Any) -> None:
        seen[message.topic] = message.payload.decode("utf-8", "replace")
        if _VERSION in seen and _DROPPED in seen:
            told.set()

    client.on_connect, client.on_message = on_connect, on_message
    try:
        client.connect(**connect_options(chosen.broker))
        client.loop_start()
        if not connected.wait(_SECONDS):
            yield Finding("FAIL", "broker", f"{where} answers, but not as an MQTT {chosen.broker.protocol} broker")
            return
        if seen["reason"].is_failure:
            yield Finding("FAIL", "broker", f"{where} refuses account {chosen.broker.username}: {seen['reason']}")
            return
        client.subscribe([(_VERSION, 0), (_DROPPED, 0)])
        told.wait(2)
    except OSError as error:
        yield Finding("FAIL", "broker", f"{where} cannot be reached: {error}: is it running, is the TLS setting right?")
        return
    finally:
        client.disconnect()
        client.loop_stop()
    yield from _judge(chosen, where, seen)


def _judge(chosen: CommandSettings, where: str, seen: dict[str, Any]) -> Iterator[Finding]:
    yield Finding("ok", "broker", f"{where}, MQTT {chosen.broker.protocol}, {seen.get(_VERSION, 'version not told')}")
    largest = getattr(seen["properties"], "MaximumPacketSize", None)
    if largest is not None and largest < MAX_PAYLOAD + 1024:
        yield Finding("FAIL", "broker", f"max_packet_size {largest} is too small for {MAX_PAYLOAD} bytes of backlog")
    if getattr(seen["properties"], "RetainAvailable", 1) == 0:
        yield Finding("FAIL", "broker", "does not retain messages: retain_available true")
    dropped = seen.get(_DROPPED, "0")
    if dropped not in {"", "0"}:
        yield Finding("warn", "broker", f"has dropped {dropped} messages since its start: raise max_queued_messages")
