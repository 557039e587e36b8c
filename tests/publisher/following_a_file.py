"""Reads a log file into an outbox for ever and tells each last number: the test kills it in the middle."""

import sys
from pathlib import Path
from threading import Event

from publisher.outbox import Outbox
from schemas.site import read_site
from tests.publisher.sources.log_files import open_csv, plain


def main(path: Path, log: str, told: Path) -> None:
    outbox = Outbox(path)
    source = open_csv(read_site(None), plain(log, timezone="Europe/Paris"))
    with told.open("a", buffering=1) as lines:
        for batch in source.batches(outbox.position("csv"), Event()):
            lines.write(f"{outbox.append('csv', batch).last}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
