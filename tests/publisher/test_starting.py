"""A publisher whose outbox cannot be written when it starts waits and says so; it does not end."""

import errno
import os
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from publisher.outbox import Outbox
from publisher.outbox_file import OutboxFullError, OutboxUnusableError
from tests.publisher.test_publishing import Publisher
from tests.services.process import wait_for

# Limits its own files, as a full disk does, then becomes the publisher.
FULL_DISK = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (8192, -1));"
    " os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    one = Publisher(tmp_path, 1)
    yield one
    one.kill()


def reads(publisher: Publisher) -> bool:
    return "source simulated, outbox" in publisher.text()


def test_an_outbox_that_a_backup_program_holds_is_waited_for(publisher: Publisher) -> None:
    Outbox(publisher.outbox).close()
    with closing(sqlite3.connect(publisher.outbox, isolation_level=None)) as backup:
        backup.execute("BEGIN EXCLUSIVE")
        publisher.start()
        wait_for(lambda: "another program (a backup?) holds the file" in publisher.text(), "it says why it waits")
        assert publisher.running
        backup.execute("ROLLBACK")
    wait_for(lambda: reads(publisher), "it goes on by itself")
    assert publisher.text().count("holds the file") == 1
    assert publisher.stop() == 0


def test_a_full_disk_is_waited_for(publisher: Publisher) -> None:
    publisher.command = [sys.executable, "-c", FULL_DISK, *publisher.command]
    publisher.start()
    wait_for(lambda: "nothing is read from the source until it can be written" in publisher.text(), "it says so")
    assert publisher.running
    resource.prlimit(publisher.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for(lambda: reads(publisher), "it goes on by itself")
    assert publisher.stop() == 0


def test_a_publisher_that_waits_ends_when_asked(publisher: Publisher) -> None:
    Outbox(publisher.outbox).close()
    with closing(sqlite3.connect(publisher.outbox, isolation_level=None)) as backup:
        backup.execute("BEGIN EXCLUSIVE")
        publisher.start()
        wait_for(lambda: "holds the file" in publisher.text(), "it waits")
        assert publisher.stop(5) == 0


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.EROFS, OutboxFullError), (errno.ENOSPC, OutboxFullError), (errno.EIO, OutboxFullError),
     (errno.EACCES, OutboxFullError), (errno.ENOTDIR, OutboxUnusableError), (errno.ENOENT, OutboxUnusableError)],
)  # fmt: skip
def test_what_waiting_mends_is_told_from_what_needs_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def refuse(*_: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("publisher.outbox_file.os.open", refuse)
    with pytest.raises(kind, match=os.strerror(number)):
        Outbox(tmp_path / "o.sqlite")


def test_a_full_disk_gives_up_its_reserve_so_that_the_outbox_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publisher import outbox as module

    Outbox(tmp_path / "o.sqlite").close()
    reserve = tmp_path / "o.reserve"
    reserve.write_bytes(bytes(8 * 2**20))
    really_open = module.open_file

    def full_while_reserved(path: Path) -> sqlite3.Connection:
        if reserve.exists():
            raise OutboxFullError("no room")
        return really_open(path)

    monkeypatch.setattr(module, "open_file", full_while_reserved)
    Outbox(tmp_path / "o.sqlite").close()
    assert not reserve.exists()
