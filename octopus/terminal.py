"""Lines of many processes on one terminal: each with its name, in colour where a person looks."""

import os
import sys
from collections.abc import Iterable

from octopus.children import Say

_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


def prefixed(names: Iterable[str]) -> Say:
    """Return what writes a line under a name; NO_COLOR (no-color.org) and pipes get plain text."""
    known = ["octopus", *names]
    width = max(map(len, known))
    colourful = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(known)}

    def say(name: str, line: str) -> None:
        label = f"{name:<{width}}"
        if colourful:
            label = f"\033[{colours.get(name, 37)}m{label}\033[0m"
        try:
            sys.stdout.write(f"{label} | {line}\n")
            sys.stdout.flush()
        except BrokenPipeError:  # `octopus up | head`: nobody reads on, the services go on
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends

    return say
