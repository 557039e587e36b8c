"""The doctor's look at the broker: reachable, accounts, client ids, and limits that lose messages silently."""

import threading
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

from broker.connecting import connect_options, paho_client
from octopus.findings import Finding
from octopus.settings import CommandSettings
from schemas.messages import MAX_PAYLOAD
from service.settings import BrokerSettings

_SECONDS = 5.0
_DROPPED = "$SYS/broker/publish/messages/dropped"
_VERSION = "$SYS/broker/version"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NOBODY = {"username": None, "password": None, "password_file": None}


def check(chosen: CommandSettings) -> Iterator[Finding]:
    where = f"{chosen.broker.host}:{chosen.broker.port}"
    connected, told, lost = threading.Event(), threading.Event(), threading.Event()
    seen: dict[str, Any] = {}
    try:
        client = paho_client(chosen.broker, _client_id(), reconnect=False)
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
    client.on_disconnect = lambda *_: lost.set()
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
        seen["stranger"] = _lets_in(chosen.broker.model_copy(update=_NOBODY), _client_id())
        seen["second"], seen["first"] = _lets_in(chosen.broker, _client_id()), not lost.wait(0.3)
    except OSError as error:
        yield Finding("FAIL", "broker", f"{where} cannot be reached: {error}: is it running, is the TLS setting right?")
        return
    finally:
        client.disconnect()
        client.loop_stop()
    yield from _judge(chosen, where, seen)


def _client_id() -> str:
    """Return a name of its own: two doctors at a time must not push each other out."""
    return f"octopus-doctor-{token_hex(8)}"


def _lets_in(broker: BrokerSettings, client_id: str) -> bool:
    """Tell whether the broker takes this client; raise OSError when it cannot be reached."""
    answered, reasons = threading.Event(), []
    client = paho_client(broker, client_id, reconnect=False)

    def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        reasons.append(reason)
        answered.set()

    client.on_connect = on_connect
    client.connect(**connect_options(broker))
    client.loop_start()
    try:
        answered.wait(_SECONDS)
    finally:
        client.disconnect()
        client.loop_stop()
    return bool(reasons) and not reasons[0].is_failure


def _judge_accounts(chosen: CommandSettings, seen: dict[str, Any]) -> Iterator[Finding]:
    account = chosen.broker.username
    if account is None:
        if chosen.broker.host not in _LOOPBACK:
            yield Finding("FAIL", "broker", "everybody may write and read: no account is set (broker.username)")
        return
    if seen["stranger"]:
        yield Finding("FAIL", "broker", "lets clients in without an account: allow_anonymous false")
    if seen["second"] and not seen["first"]:
        yield Finding(
            "FAIL", "broker", f"gives all clients of {account} one client id, so that they push each other out:"
            " remove use_username_as_clientid"
        )  # fmt: skip
    elif not chosen.broker.secret():
        yield Finding("warn", "broker", f"{account} has no password: other accounts can guess its client ids")
    else:
        yield Finding("ok", "broker", f"client ids of {account} come from its password: nobody else can take them")


def _judge(chosen: CommandSettings, where: str, seen: dict[str, Any]) -> Iterator[Finding]:
    yield Finding("ok", "broker", f"{where}, MQTT {chosen.broker.protocol}, {seen.get(_VERSION, 'version not told')}")
    yield from _judge_accounts(chosen, seen)
    largest = getattr(seen["properties"], "MaximumPacketSize", None)
    if largest is not None and largest < MAX_PAYLOAD + 1024:
        yield Finding("FAIL", "broker", f"max_packet_size {largest} is too small for {MAX_PAYLOAD} bytes of backlog")
    if getattr(seen["properties"], "RetainAvailable", 1) == 0:
        yield Finding("FAIL", "broker", "does not retain messages: retain_available true")
    dropped = seen.get(_DROPPED, "0")
    if dropped not in {"", "0"}:
        yield Finding("warn", "broker", f"has dropped {dropped} messages since its start: raise max_queued_messages")
