"""A program that appends for ever and tells each last number: the test kills it in the middle."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from publisher.outbox import Outbox
from publisher.sources.source import Sample, SampleBatch


def main(path: Path, told: Path) -> None:
    outbox = Outbox(path)
    sample = Sample("E2C1", datetime(2026, 11, 23, tzinfo=UTC), {"n": 1.0})
    with told.open("a", buffering=1) as lines:
        while True:
            last = outbox.append("t", SampleBatch([sample] * 50, {"n": outbox.sequence + 50})).last
            lines.write(f"{last}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
