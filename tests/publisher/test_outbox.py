"""The outbox keeps what it took, in order, whatever kills the process."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.encoding import digest_of
from publisher.outbox import Outbox
from publisher.outbox_file import OutboxFullError, OutboxUnusableError
from publisher.sources.source import ReadFault, Sample, SampleBatch
from schemas.messages import Reading
from tests.services.process import wait_for

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def samples(count: int, cell: str = "E2C1", start: datetime = START) -> list[Sample]:
    return [Sample(cell, start + timedelta(seconds=i), {"co2": float(i), "o2": None}) for i in range(count)]


@given(
    st.lists(
        st.one_of(
            st.integers(0, 5).map(lambda count: ("append", count)),
            st.tuples(st.integers(1, 30), st.integers(0, 5)).map(lambda pair: ("delete", pair)),
            st.just(("reopen", None)),
        ),
        max_size=25,
    )
)
@settings(max_examples=40, deadline=None)
def test_numbers_rise_by_one_whatever_is_deleted_or_reopened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("outbox") / "outbox.sqlite"
    outbox = Outbox(path)
    given_out, kept = 0, set[int]()
    publisher = outbox.publisher
    for step, argument in steps:
        if step == "append":
            appended = outbox.append("test", SampleBatch(samples(argument), {"at": given_out}))
            kept |= set(range(given_out + 1, given_out + argument + 1))
            given_out += argument
            assert appended.last == given_out
        elif step == "delete":
            first, length = argument
            gone = kept & set(range(first, first + length + 1))
            assert outbox.delete([(first, first + length)]) == len(gone)
            kept -= gone
        else:
            outbox.close()
            outbox = Outbox(path)
        assert outbox.waiting == len(kept)
        assert outbox.sequence == given_out
        assert outbox.publisher == publisher
    rows = outbox.after(0, 1000)
    assert [row[0] for row in rows] == sorted(kept)
    for sequence, _, payload in rows:
        assert Reading.model_validate_json(payload).sequence == sequence
    outbox.close()


def test_position_faults_and_readings_are_kept_together(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    assert outbox.position("csv") is None
    outbox.append("csv", SampleBatch(samples(2), {"line": 2}, [ReadFault("line 3: no time", "x;y")]))
    outbox.append("csv", SampleBatch(samples(1)))
    outbox.close()
    again = Outbox(tmp_path / "o.sqlite")
    assert again.position("csv") == {"line": 2}
    assert again.position("http") is None
    assert again.waiting == 3
    again.close()


def test_what_no_reading_can_hold_is_refused_and_the_rest_kept(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    bad = [
        Sample("E2C1", START.replace(tzinfo=None), {"co2": 1.0}),
        Sample("E2C1", START, {}),
        Sample("E2C1", START, {"co2": object()}),  # type: ignore[dict-item] # a source that breaks its promise
        Sample("E2C1", START, {f"parameter_{i:060d}": 1.0 for i in range(5000)}),
    ]
    appended = outbox.append("test", SampleBatch([bad[0], *samples(1), *bad[1:], *samples(1)]))
    assert len(appended.refused) == 4
    assert [row[0] for row in outbox.after(0, 10)] == [1, 2]
    outbox.close()


def test_nan_and_infinities_are_no_values(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.append("test", SampleBatch([Sample("E2C1", START, {"a": float("nan"), "b": float("inf"), "c": 1.5})]))
    [(_, _, payload)] = outbox.after(0, 10)
    assert Reading.model_validate_json(payload).values == {"a": None, "b": None, "c": 1.5}
    outbox.close()


def test_newest_is_never_replaced_by_an_older_one_but_a_wrong_clock_heals(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    now = datetime.now(UTC)
    outbox.append("test", SampleBatch([Sample("E2C1", now, {"co2": 1.0})]))
    assert outbox.append("test", SampleBatch([Sample("E2C1", now - timedelta(days=1), {"co2": 2.0})])).newest == {}
    outbox.append("test", SampleBatch([Sample("E2C1", now + timedelta(hours=2), {"co2": 3.0})]))
    healed = outbox.append("test", SampleBatch([Sample("E2C1", now + timedelta(seconds=1), {"co2": 4.0})]))
    assert healed.newest["E2C1"].sequence == 4
    outbox.close()
    again = Outbox(tmp_path / "o.sqlite")
    assert again.newest["E2C1"].sequence == 4
    again.close()


def test_second_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    with pytest.raises(OutboxUnusableError, match="another publisher is using it"):
        Outbox(tmp_path / "o.sqlite")
    outbox.append("test", SampleBatch(samples(1)))
    outbox.close()
    Outbox(tmp_path / "o.sqlite").close()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE precious (x)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(OutboxUnusableError, match="another program's database"):
        Outbox(path)
    assert path.read_bytes() == before


def test_garbage_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "o.sqlite"
    path.write_bytes(b"this is no database at all, " * 1000)
    with pytest.raises(OutboxUnusableError, match="move it away"):
        Outbox(path)
    with pytest.raises(OutboxUnusableError, match=r"Not a directory|File exists"):
        Outbox(path / "below" / "o.sqlite")


def test_damaged_pages_end_in_a_clear_error_not_in_wrong_readings(tmp_path: Path) -> None:
    path = tmp_path / "o.sqlite"
    outbox = Outbox(path)
    outbox.append("test", SampleBatch(samples(2000)))
    outbox.close()
    content = bytearray(path.read_bytes())
    content[8192 : len(content) - 4096] = os.urandom(len(content) - 4096 - 8192)
    path.write_bytes(content)

    def read_all() -> None:
        damaged = Outbox(path)
        try:
            cursor = 0
            while rows := damaged.after(cursor, 100):
                cursor = rows[-1][0]
        finally:
            damaged.close()

    with pytest.raises(OutboxUnusableError, match="move it away"):
        read_all()


def test_full_disk_keeps_nothing_of_the_batch_and_the_same_call_succeeds_later(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.append("test", SampleBatch(samples(10), {"line": 10}))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system itself refuses to let any file of this process grow: what a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        with pytest.raises(OutboxFullError):
            outbox.append("test", SampleBatch(samples(5000), {"line": 5010}))
        assert (outbox.sequence, outbox.waiting) == (10, 10)
        assert outbox.position("test") == {"line": 10}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outbox.append("test", SampleBatch(samples(5000), {"line": 5010})).last == 5010
    outbox.close()


def killed_after_more(command: list[str], told: Path) -> None:
    seen = told.stat().st_size
    child = subprocess.Popen(command)
    try:
        wait_for(lambda: told.stat().st_size > seen, "the child appends")
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def test_kill_9_in_mid_append_keeps_whole_batches_and_uses_no_number_twice(tmp_path: Path) -> None:
    path, told = tmp_path / "o.sqlite", tmp_path / "told"
    command = [sys.executable, "-m", "tests.publisher.appending", str(path), str(told)]
    told.touch()
    for _ in range(5):
        killed_after_more(command, told)
        outbox = Outbox(path)
        confirmed = int(told.read_text().split()[-1])
        assert outbox.sequence >= confirmed
        assert outbox.sequence % 50 == 0
        assert outbox.position("t") == {"n": outbox.sequence}
        numbers, cursor = list[int](), 0
        while rows := outbox.after(cursor, 1000):
            numbers += [row[0] for row in rows]
            cursor = numbers[-1]
        assert numbers == list(range(1, outbox.sequence + 1))
        outbox.close()


def test_an_outbox_that_filled_its_disk_empties_by_itself(tmp_path: Path) -> None:
    """On a small file system of its own, which only this command sees."""
    inside = (
        f'mount -t tmpfs -o size=24m tmpfs "{tmp_path}" && "{sys.executable}" -m tests.publisher.filling "{tmp_path}"'
    )
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", inside]
    tried = subprocess.run([*command[:-1], f'mount -t tmpfs tmpfs "{tmp_path}"'], capture_output=True, check=False)
    assert tried.returncode == 0, (
        f"allow user namespaces (or be root), so that a test has a small disk: {tried.stderr!r}"
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept, waiting = map(int, done.stdout.split())
    assert kept > 1000
    assert waiting == 500


def test_a_new_name_keeps_contents_and_digests_and_numbers_from_one(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.append("test", SampleBatch(samples(1200)))
    outbox.delete([(1, 100), (300, 310)])
    before, kept = outbox.publisher, outbox.after(0, 2000)
    outbox.change_publisher("a test")
    renumbered = outbox.after(0, 2000)
    assert outbox.publisher != before
    assert [sequence for sequence, _, _ in renumbered] == list(range(1, len(kept) + 1))
    for (_, cell, old), (sequence, same_cell, new) in zip(kept, renumbered, strict=True):
        then, now = orjson.loads(old), orjson.loads(new)
        assert cell == same_cell
        assert now == then | {"publisher": outbox.publisher, "sequence": sequence}
        assert digest_of(new) == digest_of(old) == now["digest"]
    assert outbox.append("test", SampleBatch(samples(1))).last == len(kept) + 1
    newest = outbox.newest["E2C1"]
    assert (newest.sequence, newest.payload) == (len(kept), renumbered[-1][2])
    outbox.close()
    again = Outbox(tmp_path / "o.sqlite")
    assert (again.sequence, again.waiting) == (len(kept) + 1, len(kept) + 1)
    again.close()


def test_only_what_a_confirmation_names_is_deleted(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.append("test", SampleBatch(samples(3)))
    digests = [digest_of(payload) for _, _, payload in outbox.after(0, 3)]
    assert len(set(digests)) == 3
    assert outbox.delete([], [(1, digests[1]), (2, None), (3, digests[2]), (9, digests[0])]) == 1
    assert [row[0] for row in outbox.after(0, 3)] == [1, 2]
    outbox.close()


def test_a_copy_on_the_same_machine_takes_another_name_and_the_original_keeps_its_own(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.append("test", SampleBatch(samples(3)))
    name = outbox.publisher
    outbox.close()
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "o.sqlite", tmp_path / "copy" / "o.sqlite")
    copied, original = Outbox(tmp_path / "copy" / "o.sqlite"), Outbox(tmp_path / "o.sqlite")
    assert copied.publisher != name == original.publisher
    assert copied.waiting == original.waiting == 3
    copied.close()
    original.close()
    again = Outbox(tmp_path / "copy" / "o.sqlite")
    assert again.publisher == copied.publisher, "once"
    again.close()
