"""The `octopus` command: a file a subcommand, imported only when asked for (a unit's PC has few libraries)."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

# Subcommand: the module that serves it, and a sentence. Each module has `configure(parser)` and `run(arguments)`.
COMMANDS = {
    "demo": ("octopus.demo", "everything on one machine with simulated units, to look around"),
    "up": ("octopus.up", "the services that have settings here, as child processes"),
    "publisher": ("octopus.services", "send one unit's readings"),
    "ingestor": ("octopus.services", "store readings in the database"),
    "watchdog": ("octopus.services", "raise and clear alarms"),
    "web": ("octopus.services", "pages, API and live stream"),
    "bot": ("octopus.services", "the Discord bot"),
    "broker": ("octopus.services", "a private broker for one machine"),
    "db": ("octopus.db", "upgrade the database, or check that it fits"),
    "site": ("octopus.site", "check a site file, or bring the database in line with it"),
    "user": ("octopus.user", "make a person's account"),
    "secrets": ("octopus.secret_files", "generate the passwords of broker accounts and database"),
    "source": ("octopus.source", "try what a publisher reads from, before it is started"),
    "doctor": ("octopus.doctor", "check settings, source, broker, database, site and disk, once"),
}


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="octopus",
        description="Octopus: telemetry of climate cells.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n" + "".join(f"  {name:<10} {text}\n" for name, (_, text) in COMMANDS.items()),
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    name: str = parser.parse_args(words[:1]).command
    module_name, text = COMMANDS[name]
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"octopus {name} needs {error.name}, which is not installed: pip install 'octopus-ecotron[all]'\n"
        )
        return 69
    own = argparse.ArgumentParser(prog=f"octopus {name}", description=f"{text[0].upper()}{text[1:]}.")
    module.configure(own)
    arguments = own.parse_args(words[1:])
    arguments.command = name
    code: int = module.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
