"""`python -m tests.watchdog.posting URL`: empties the outboxes of a database, as the watchdog does, until killed."""

import asyncio
import sys

from schemas.site import read_site
from storage.database import write_sessions
from tests.services.databases import open_database
from watchdog.delivery import Courier
from watchdog.notifying import Post

if __name__ == "__main__":
    sessions = write_sessions(open_database(sys.stdin.read()))
    asyncio.run(Post(sessions, Courier(None, None), read_site().zone, None, lambda: True).run())
