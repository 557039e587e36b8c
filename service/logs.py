"""One way to log for every service: lines on standard output, the supervisor adds the time zone it likes."""

import logging
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str) -> None:
    """Send everything from this level on to standard output; libraries speak from WARNING on."""
    logging.basicConfig(level=level, format=FORMAT, stream=sys.stdout)
    for library in ("alembic", "httpx", "aiohttp", "discord", "pymodbus", "asyncua", "sqlalchemy"):
        logging.getLogger(library).setLevel(logging.WARNING)
