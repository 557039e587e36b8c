"""Clients made from settings: paho where a message must not be lost, aiomqtt where one may be missed."""

import hashlib
import logging
import ssl
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from service.settings import BrokerSettings

if TYPE_CHECKING:
    import aiomqtt

# A session outlives a long weekend; the broker then forgets what it kept for us, outboxes do not.
SESSION_DAYS = 7
# Topic and properties of a message, in bytes: more than ours ever take.
LARGEST_HEADER = 1024


class _Client(mqtt.Client):
    """Takes the password anew at each connection: one that was changed in its file needs no restart."""

    account: BrokerSettings | None = None

    def reconnect(self) -> MQTTErrorCode:
        """Connect; raise OSError also where the password cannot be read, which paho takes for a failed attempt."""
        self.take_password()
        return super().reconnect()

    def take_password(self) -> None:
        """Read the password as it is now; raise OSError."""
        if self.account is not None and self.account.username is not None:
            self.username_pw_set(self.account.username, self.account.secret())


def secret_client_id(settings: BrokerSettings, name: str) -> str:
    """Return `name` and a tail that only who has the account's password can know; raise OSError as `secret` does.

    A broker lets whoever comes with a client id take over its session, whatever account they use: readings kept
    for the ingestor would be gone. Stretched, because the broker's log shows client ids.
    """
    password = settings.secret()
    if not password:
        return name
    tail = hashlib.pbkdf2_hmac("sha256", password.encode(), f"octopus client id {name}".encode(), 50_000, 9)
    return f"{name}-{tail.hex()}"


def paho_client(
    settings: BrokerSettings,
    client_id: str,
    *,
    persistent: bool = False,
    manual_ack: bool = False,
    reconnect: bool = True,
) -> mqtt.Client:
    """Make a client that is not connected; raise OSError when a password or certificate file is unreadable.

    The password is read again at each connection.
    `persistent` keeps the session at the broker over restarts (MQTT 5: give `connect_options` the same).
    Without `reconnect` it connects once: its owner makes another, which holds no message of the old one.
    """
    v5 = settings.protocol == "5"
    client = _Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if v5 else not persistent,
        protocol=mqtt.MQTTv5 if v5 else mqtt.MQTTv311,
        manual_ack=manual_ack,
        reconnect_on_failure=reconnect,
    )
    client.account = settings
    client.take_password()
    if settings.tls_ca is not None:
        client.tls_set_context(_tls(settings))
    client.reconnect_delay_set(min_delay=1, max_delay=30)
    return client


def connect_options(
    settings: BrokerSettings, *, persistent: bool = False, receive_maximum: int | None = None
) -> dict[str, Any]:
    """Return the arguments of paho's `connect`/`connect_async` for this broker."""
    options: dict[str, Any] = {"host": settings.host, "port": settings.port, "keepalive": settings.keepalive}
    if settings.protocol == "5":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_DAYS * 86400 if persistent else 0
        if receive_maximum is not None:
            properties.ReceiveMaximum = receive_maximum
        options |= {"clean_start": not persistent, "properties": properties}
    return options


def aiomqtt_client(
    settings: BrokerSettings, identifier: str, *, largest: int | None = None, **options: Any
) -> "aiomqtt.Client":
    """Make an aiomqtt client to be entered with `async with`; options are aiomqtt's own (will, timeout …).

    `largest` asks an MQTT 5 broker to keep longer messages to itself: bytes of payload.

    It connects once, with the password as it is now; raise OSError when a password or certificate file is unreadable.
    """
    import aiomqtt  # noqa: PLC0415 - a unit's PC has paho alone

    if largest is not None and settings.protocol == "5":
        options["properties"] = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options["properties"].MaximumPacketSize = largest + LARGEST_HEADER
    logger = logging.getLogger("aiomqtt")
    logger.addFilter(_worth_a_line)
    return aiomqtt.Client(
        settings.host,
        settings.port,
        identifier=identifier,
        username=settings.username,
        password=settings.secret(),
        protocol=aiomqtt.ProtocolVersion.V5 if settings.protocol == "5" else aiomqtt.ProtocolVersion.V311,
        keepalive=settings.keepalive,
        tls_context=None if settings.tls_ca is None else _tls(settings),
        logger=logger,
        **options,
    )


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Leave out confirmations whose waiter was cancelled or timed out: aiomqtt logs them as errors, with a trace."""
    return not str(record.msg).startswith("Unexpected message ID")


def _tls(settings: BrokerSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.tls_ca)
    context.check_hostname = not settings.tls_insecure
    return context
