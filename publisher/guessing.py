"""`python -m publisher.guessing FILE`: propose a `[[source.files]]` for a file, to be edited."""

import argparse
import sys
from pathlib import Path

from publisher.sources.csv.guessing import Unguessable, guess
from service.settings import EXIT_BAD_SETTINGS


def main() -> int:
    """Print proposed settings for a file; return the exit status."""
    parser = argparse.ArgumentParser(prog="octopus source guess", description="Propose settings for a log file.")
    parser.add_argument("file", type=Path, metavar="FILE", help="a file that the program has written, or a part of one")
    path: Path = parser.parse_args().file
    try:
        found = guess(path)
    except Unguessable as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        return EXIT_BAD_SETTINGS
    sys.stdout.write(found.to_toml())
    return 0


if __name__ == "__main__":
    sys.exit(main())
