"""A Modbus TCP gateway, byte by byte, that a test lets refuse, be silent or close."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

Reply = list[int] | int | None | str | bytes
Behaviour = Callable[[int, int, int], Reply]


class Gateway:
    """A Modbus TCP gateway, byte by byte: for each request registers, an exception, silence, "close", or any bytes."""

    def __init__(self, behave: Behaviour, as_unit: int | None = None) -> None:
        self.behave, self._as_unit = behave, as_unit
        self.asked: list[tuple[int, int, int]] = []
        self.connections = 0
        outer = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                while outer.serve(self.request):
                    pass

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def serve(self, connection: socket.socket) -> bool:
        with suppress(ConnectionError):
            if len(header := connection.recv(7, socket.MSG_WAITALL)) < 7:
                return False
            unit = header[6]
            function, address, count = struct.unpack(">BHH", connection.recv(5, socket.MSG_WAITALL))
            self.asked.append((unit, address, count))
            reply = self.behave(unit, address, count)
            if reply == "close":
                return False
            if isinstance(reply, bytes):
                connection.sendall(reply)
                return True
            if isinstance(reply, int):
                body = bytes([function | 0x80, reply])
            elif isinstance(reply, list):
                body = bytes([function, 2 * len(reply)]) + struct.pack(f">{len(reply)}H", *reply)
            else:
                return True
            answered_as = unit if self._as_unit is None else self._as_unit
            connection.sendall(header[:4] + struct.pack(">HB", len(body) + 1, answered_as) + body)
            return True
        return False

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def gateway(behave: Behaviour, as_unit: int | None = None) -> Iterator[Gateway]:
    made = Gateway(behave, as_unit)
    yield made
    made.stop()
