"""More visitors than the limit that systems start programs with."""

import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.web.conftest import WebServer

LOW, STREAMS = 128, 150


@pytest.fixture
def few() -> tuple[int, int]:
    """What this process starts may open few files, until it asks for more."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    enough = hard == resource.RLIM_INFINITY or hard >= 4 * STREAMS
    assert enough, f"this system allows {hard} open files in all: raise it (`ulimit -Hn`) to test this"
    return LOW, hard


def test_the_limit_of_open_files_is_raised(
    few: tuple[int, int], make_web: Callable[..., WebServer], tmp_path: Path
) -> None:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, few)
    try:
        web = make_web(broker=1, database=f"sqlite:///{tmp_path}/octopus.sqlite")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, few[1]))
    with ExitStack() as streams:
        for _ in range(STREAMS):
            stream = streams.enter_context(socket.create_connection(("127.0.0.1", web.port), timeout=20))
            stream.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert stream.recv(12) == b"HTTP/1.1 200"
        assert web.get("/api/units").is_success
        assert len(list(Path(f"/proc/{web.pid}/fd").iterdir())) > STREAMS
