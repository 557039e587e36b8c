"""One message to one channel by Apprise, and what went wrong in a word.

Apprise says what a server answered in its log alone. It may hold tokens, so nothing of it is written anywhere: only
numbers are taken from it.
"""

import logging
import re
import threading
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from facility.alarms.faults import Fault
from facility.alarms.targets import Target
from service.settings import SecretFileError, read_secret
from watchdog.settings import MailBlock

# Seconds to connect and to wait for an answer.
CONNECT, ANSWER = 5, 10
SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_PLUGINS = {
    "email": ("email", "NotifyEmail"),
    "webhook": ("custom_json", "NotifyJSON"),
    "mattermost": ("mattermost", "NotifyMattermost"),
    "ntfy": ("ntfy", "NotifyNtfy"),
    "matrix": ("matrix", "NotifyMatrix"),
}
_HTTP: dict[int, Fault] = {
    401: "refused", 403: "refused", 407: "refused", 404: "unknown", 410: "unknown", 408: "late", 504: "late",
    429: "busy", 503: "busy",
}  # fmt: skip
_SMTP: dict[int, Fault] = {
    530: "refused", 534: "refused", 535: "refused", 538: "refused", 454: "refused", 550: "unknown", 551: "unknown",
    553: "unknown", 501: "unknown", 421: "busy", 450: "busy", 451: "busy", 452: "busy", 552: "malformed",
    554: "malformed",
}  # fmt: skip


class NotDelivered(Exception):  # noqa: N818 - it says what happened
    """The channel did not take the message, or did not say that it has it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class _Heard(logging.Handler):
    """What Apprise says in each thread, for as long as the thread sends."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._threads = threading.local()

    def begin(self) -> None:
        self._threads.lines = []

    def end(self) -> str:
        lines: list[str] = getattr(self._threads, "lines", [])
        self._threads.lines = None
        return "\n".join(lines)

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(self._threads, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())


_heard = _Heard()


def _listen() -> None:
    """Keep Apprise's log to ourselves, and silence what would write addresses with tokens in them."""
    log = logging.getLogger("apprise")
    if _heard not in log.handlers:
        log.addHandler(_heard)
    # Each time: whoever configures logging after us must not bring them back.
    log.setLevel(logging.DEBUG)
    log.propagate = False
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class Courier:
    """Sends to any kind of channel; blocks, so call it in a thread of the channel's own."""

    def __init__(self, mail: MailBlock | None, secrets: Path | None) -> None:
        self._mail, self._secrets = mail, secrets
        _listen()

    def prepare(self, kind: str) -> None:
        """Import what sends on this kind of channel: most of a second that the first alarm need not wait for."""
        import_module(f"apprise.plugins.{_PLUGINS[kind][0]}")

    def send(self, target: Target, batch: str, title: str, body: str) -> None:
        """Send one message; raise NotDelivered. `batch` is the same when it is sent again."""
        try:
            parts = self._parts(target, batch)
        except SecretFileError:
            raise NotDelivered("secret") from None
        _heard.begin()
        try:
            taken = _make(target.kind, parts, batch).notify(body=body, title=title)
        except TypeError:
            # How Apprise's plug-ins say that they can do nothing with an address.
            raise NotDelivered("malformed") from None
        finally:
            said = _heard.end()
        if not taken:
            raise NotDelivered(fault_of(target.kind, said))

    def _parts(self, target: Target, batch: str) -> dict[str, Any]:
        """Return what Apprise makes a plug-in of."""
        if target.kind == "email":
            return self._mail_parts(target, batch)
        secret = self._secret(target.secret)
        address = target.address
        if target.kind == "webhook":
            address = address.replace("{secret}", quote(secret, safe=""))
        found = urlsplit(address)
        secure = found.scheme == "https"
        parts: dict[str, Any] = {"host": found.hostname, "port": found.port, "secure": secure}
        path = found.path
        if target.kind == "webhook":
            headers = {"Idempotency-Key": batch, "X-Octopus-Message": batch}
            if secret and "{secret}" not in target.address:
                headers["Authorization"] = f"Bearer {secret}"
            return parts | {
                "schema": "jsons" if secure else "json", "fullpath": path or "/", "headers": headers,
                "payload": {"id": batch},
            }  # fmt: skip
        if target.kind == "mattermost":
            return parts | {
                "schema": "mmosts" if secure else "mmost",
                "fullpath": path,
                "token": secret,
                "include_image": False,
            }
        if target.kind == "ntfy":
            login = {"token": secret, "auth": "token"} if secret else {}
            return parts | {
                "schema": "ntfys" if secure else "ntfy", "mode": "private", "targets": [path.strip("/")],
                "include_image": False, **login,
            }  # fmt: skip
        room = unquote(path.strip("/"))
        if found.fragment:
            room = f"#{found.fragment}"
        return parts | {
            "schema": "matrixs" if secure else "matrix", "password": secret, "targets": [room], "version": "3",
            "include_image": False,
        }  # fmt: skip

    def _mail_parts(self, target: Target, batch: str) -> dict[str, Any]:
        mail = self._mail
        if mail is None:
            raise NotDelivered("mail_server")
        modes = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}
        parts: dict[str, Any] = {
            "schema": "mailto", "host": mail.sender.partition("@")[2], "smtp_host": mail.server, "port": mail.port,
            "secure_mode": modes[mail.encryption], "from_addr": f"Octopus <{mail.sender}>",
            "targets": [target.address], "headers": {"X-Octopus-Message": batch},
        }  # fmt: skip
        if mail.username is not None:
            parts |= {"user": mail.username, "password": mail.secret()}
        return parts

    def _secret(self, name: str) -> str:
        if not name:
            return ""
        if self._secrets is None or SECRET_NAME.fullmatch(name) is None:
            raise NotDelivered("secret")
        return read_secret("watchdog.secrets", self._secrets / name)


def _make(kind: str, parts: dict[str, Any], batch: str) -> Any:
    """Return Apprise's plug-in, imported by itself: all of them, as `Apprise` loads them, are 10 MB and a second."""
    # Here, because a watchdog without channels needs none of the 20 MB.
    from apprise import AppriseAsset, NotifyFormat  # noqa: PLC0415

    module, name = _PLUGINS[kind]
    asset = AppriseAsset(app_id="Octopus", app_desc="Octopus", http_redirects=False)
    plugin = getattr(import_module(f"apprise.plugins.{module}"), name)(
        cto=CONNECT, rto=ANSWER, format=NotifyFormat.TEXT, asset=asset, **parts
    )
    if kind == "matrix":
        # The name of a transaction is how a home server knows a repeat.
        plugin.access_token, plugin.transaction_id = plugin.password, batch
    return plugin


def fault_of(kind: str, said: str) -> Fault:
    """Return what Apprise's log means."""
    if kind == "email":
        codes = [int(code) for code in re.findall(r"(?:\(|refused: )(\d{3})(?:, b| )", said)]
        if codes:
            return _SMTP.get(codes[0], "busy" if codes[0] < 500 else "server")
    else:
        codes = [int(code) for code in re.findall(r"error=(\d{3})", said)]
        if codes:
            return _HTTP.get(codes[-1], "server" if codes[-1] >= 500 else "unknown" if codes[-1] < 400 else "malformed")
    return "late" if "timed out" in said else "unreachable"
