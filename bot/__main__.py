"""`python -m bot`: the Discord bot."""

import asyncio
import logging
import os
import sys

from bot.context import Context
from bot.database import Database
from bot.drawing import FontMissingError, font_files
from bot.policy import Policy
from bot.running import GaveUp, run
from bot.settings import ServiceSettings
from bot.station_reader import StationReader
from bot.texts import read_catalogue
from broker.live_picture import LivePicture
from schemas.site import SiteError, read_site
from service import logs
from service.settings import EXIT_BAD_SETTINGS, SettingsError, from_command_line
from storage.database import connect


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
    database = Database(engine, settings.database.pool_size)
    context = Context(
        settings=settings.bot,
        site=site,
        policy=policy,
        live=LivePicture(),
        station=StationReader(database.read, site.period),
        database=database,
        catalogue=read_catalogue(),
        fonts=fonts,
    )
    code = 0
    try:
        asyncio.run(run(context, settings.broker, token))
    except GaveUp as error:
        sys.stderr.write(f"{error}\n")
        code = EXIT_BAD_SETTINGS
    if not database.close():
        # A thread that waits for a database that hangs cannot be ended, and nothing of it is needed any more.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)
    engine.dispose()
    return code


if __name__ == "__main__":
    sys.exit(main())
