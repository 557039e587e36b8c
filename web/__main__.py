"""`python -m web`: the web server."""

import asyncio
import logging
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn
from litestar.concurrency import set_asyncio_executor

from schemas.site import SiteError, read_site
from service import logs
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, SettingsError, from_command_line
from storage.database import connect
from web.app import create_app
from web.http.open_files import allow_many
from web.live.hub import Hub
from web.server_limits import limited_protocol
from web.settings import WebBlock, WebSettings
from web.threads import WebThreads

log = logging.getLogger("web")


class Server(uvicorn.Server):
    """A server that ends the open streams when it stops: uvicorn alone would wait for them."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._hub.close)


def main() -> int:
    settings = from_command_line(WebSettings, "Pages, API and live stream.")
    logs.configure(settings.log_level)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    allow_many()
    try:
        site = read_site(settings.site)
        engine = connect(settings.database)
        settings.web.machine_token()
    except (SettingsError, SiteError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    try:
        listener = listen(settings.web)
    except OSError as error:
        # Without what Python 3.11 adds to it ("while attempting to bind ...").
        reason = os.strerror(error.errno) if error.errno else error
        sys.stderr.write(f"cannot listen on {settings.web.host}:{settings.web.port}: {reason}\n")
        return EXIT_UNAVAILABLE
    hub, threads = Hub(), WebThreads()
    # For handlers that block: the loop's own threads look names up and connect to the broker.
    set_asyncio_executor(threads.pages)
    config = uvicorn.Config(
        create_app(settings, site, engine, hub, threads),
        log_config=None,
        access_log=False,
        server_header=False,
        http=limited_protocol(settings.web),
        forwarded_allow_ips=settings.web.proxies,
        timeout_graceful_shutdown=5,
    )
    log.info("pages at http://%s:%d", settings.web.host, settings.web.port)
    server = Server(config, hub)

    def stop(*_: object) -> None:
        # Before uvicorn's own handlers are there it ends the start; afterwards uvicorn sends itself the signal
        # again, when the work is done.
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run(sockets=[listener])
    if not threads.close():
        # A thread that waits for a database that hangs cannot be ended, and nothing of it is needed any more.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(0)
    engine.dispose()
    return 0


def listen(web: WebBlock) -> socket.socket:
    """Open the port; raise OSError where another program has it."""
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    return socket.create_server((web.host, web.port), family=family, backlog=2048)


if __name__ == "__main__":
    sys.exit(main())
