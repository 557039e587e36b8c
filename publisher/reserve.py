"""A few megabytes beside the outbox that nothing uses.

SQLite needs room to forget, too: on a disk that is full to the last byte an outbox could not delete what the database
has, and would stay full for good. The reserve is given up then, and taken again before anything new is kept.
"""

import os
from contextlib import suppress
from pathlib import Path

# The log that SQLite writes ahead is moved into the file at 4 MiB: as much again may have to fit beside it.
SIZE = 8 * 1024 * 1024


class Reserve:
    """Room on the disk, held by a file."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self.size = path, size

    @property
    def reserved(self) -> bool:
        """Whether the reserve is on the disk now."""
        try:
            return self._path.stat().st_size >= self.size
        except OSError:
            return False

    def hold(self) -> bool:
        """Reserve the space unless it is; return whether it is reserved."""
        if self.reserved:
            return True
        try:
            with self._path.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, self.size)
                else:  # Windows
                    file.write(bytes(self.size))
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> None:
        """Delete the reserve, so that its bytes are free."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
