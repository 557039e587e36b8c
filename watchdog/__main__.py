"""`python -m watchdog`: raises and clears alarms, until SIGTERM or Ctrl-C."""

import asyncio
import sys

from schemas.site import SiteError, read_site
from service import logs
from service.settings import EXIT_BAD_SETTINGS, SettingsError, from_command_line
from storage.database import connect
from watchdog.running import Watchdog
from watchdog.settings import WatchdogSettings


def main() -> int:
    settings = from_command_line(WatchdogSettings, "Raise and clear alarms.")
    logs.configure(settings.log_level)
    try:
        site = read_site(settings.site)
        engine = connect(settings.database)
    except (SettingsError, SiteError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    asyncio.run(Watchdog(settings, site, engine).run())
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
