"""A web server and a mail server that take notifications, and fail, hang and come back as a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class Taken:
    """What a server took: path, headers and the text of each message."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class WebServer:
    """Answers `status`; None hangs. What it answers 2xx to is in `taken`, every request in `asked`."""

    status: int | None = 200
    taken: list[Taken] = field(default_factory=list)
    asked: list[Taken] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def ids(self) -> list[str]:
        return [one.headers["Idempotency-Key"] for one in self.taken]

    def texts(self) -> list[str]:
        return [json.dumps(one.body, ensure_ascii=False) for one in self.taken]

    def heal(self, status: int = 200) -> None:
        self.status = status
        self.released.set()


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Serve on a free port of this machine."""
    state = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            one = Taken(self.path, dict(self.headers.items()), json.loads(raw) if raw else {})
            state.asked.append(one)
            if state.status is None:
                state.released.wait(60)
                self.close_connection = True
                return
            if self.command == "GET":
                answer = {"user_id": "@octopus:example.org"}
            else:
                answer = {"event_id": f"${len(state.taken)}", "room_id": "!room:example.org"}
                if state.status < 300 and "/join/" not in one.path:
                    state.taken.append(one)
            data = json.dumps(answer if state.status < 300 else {"error": "no, and my secret is s3cret"}).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *args: object) -> None:
            del args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class MailServer:
    """Takes mail; `answer` is what it says to a message, `password` what it wants."""

    answer: str = "250 taken"
    password: str | None = None
    unknown: set[str] = field(default_factory=set)
    taken: list[tuple[list[str], Any]] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: object, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, options
        if self.password is not None and not getattr(session, "authenticated", False):
            return "530 authentication required"
        if address in self.unknown:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        if self.answer.startswith("250"):
            self.taken.append((list(envelope.rcpt_tos), message_from_bytes(envelope.original_content or b"")))
        return self.answer

    def authenticate(self, _server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> Any:
        good = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=good, handled=good)


@contextmanager
def mail_server(password: str | None = None) -> Iterator[MailServer]:
    """Run a real SMTP server on a free port of this machine."""
    state = MailServer(password=password)
    controller = Controller(
        state, hostname="127.0.0.1", port=_free_port(), authenticator=state.authenticate,
        auth_require_tls=False,
    )  # fmt: skip
    controller.start()
    state.port = controller.port
    try:
        yield state
    finally:
        controller.stop()


def _free_port() -> int:
    from tests.services.process import free_port

    return free_port()
