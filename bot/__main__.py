"""`python -m bot`: the Discord bot."""

import asyncio
import sys

from bot.context import Context
from bot.drawing import FontMissingError, font_files
from bot.live import Live
from bot.policy import Policy
from bot.running import GaveUp, run
from bot.settings import ServiceSettings
from bot.station import Station
from bot.texts import read_catalogue
from schemas import logs
from schemas.database import connect, read_sessions, write_sessions
from schemas.settings import EXIT_BAD_SETTINGS, SettingsError, from_command_line
from schemas.site import SiteError, read_site


def main() -> int:
    settings = from_command_line(ServiceSettings, "Octopus in Discord.")
    logs.configure(settings.log_level)
    try:
        token = settings.bot.secret()
        site = read_site(settings.site)
        engine = connect(settings.database)
        fonts = font_files()
        policy = Policy(settings.bot.show, site)
    except (SettingsError, SiteError, FontMissingError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    reading = read_sessions(engine)
    context = Context(
        settings=settings.bot,
        site=site,
        policy=policy,
        live=Live(site),
        station=Station(reading, site.period),
        read=reading,
        write=write_sessions(engine),
        catalogue=read_catalogue(),
        fonts=fonts,
    )
    try:
        asyncio.run(run(context, settings.broker, token))
    except GaveUp as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
