"""Logging of every service: lines on standard output."""

import logging
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str) -> None:
    """Log everything from this level on to standard output; libraries from WARNING on."""
    logging.basicConfig(level=level, format=FORMAT, stream=sys.stdout)
    for library in ("alembic", "httpx", "aiohttp", "discord", "pymodbus", "asyncua", "sqlalchemy"):
        logging.getLogger(library).setLevel(logging.WARNING)
