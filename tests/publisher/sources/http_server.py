"""A real HTTP server whose behaviour a test exchanges while it runs."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

DOCUMENT = {
    "time": "2026-11-23T14:28:23Z",
    "cells": [
        {"name": "E2C1", "air": {"return": 18.02, "setpoint": None}, "door": "closed", "co2": "412"},
        {"name": "E2C2", "air": {"return": 21.5, "setpoint": 21}, "door": "open", "co2": 415},
    ],
}
Behaviour = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers by `behave`, which a test exchanges while it runs."""

    def __init__(self) -> None:
        self.behave: Behaviour = says(DOCUMENT)
        self.asked = 0
        self.headers: list[dict[str, str]] = []
        self.over = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                outer.headers.append(dict(self.headers))
                try:
                    outer.behave(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the source has left, as it should

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def sends(
    body: bytes, status: int = 200, length: int | None = None, kind: str = "application/json", **headers: str
) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        for name, text in headers.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def says(document: Any) -> Behaviour:
    return sends(json.dumps(document).encode())
