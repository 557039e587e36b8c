"""Fill the disk under an outbox to the last byte, then confirm everything: what a long outage does to a full PC."""

import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.outbox import Outbox
from publisher.outbox_file import OutboxFullError
from publisher.sources.source import Sample, SampleBatch

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def batch(count: int) -> SampleBatch:
    return SampleBatch([Sample("E2C1", START + timedelta(seconds=i), {"co2": float(i)}) for i in range(count)])


def main(directory: Path) -> None:
    outbox = Outbox(directory / "o.sqlite")
    with suppress(OutboxFullError):
        while True:
            outbox.append("test", batch(500))
    kept = outbox.waiting
    with suppress(OSError), (directory / "another program's").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert kept > 0
    assert outbox.delete([(1, kept)]) == kept
    outbox.append("test", batch(500))
    sys.stdout.write(f"{kept} {outbox.waiting}\n")
    outbox.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
