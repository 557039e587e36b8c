"""Mosquitto's access rules for one site: `acl` with the patterns of units spelt out, topic by topic.

A pattern lets a unit retain a message under every name that it can think of; a list of its own cells and their
parameters is also the limit of what it can make the broker keep.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files

from schemas.site import Site, Unit

_PATTERN = "pattern "


def rules(site: Site, readers: Iterable[str] = (), own: str = "") -> str:
    """Return the text of an acl_file: services, more `readers`, the site's units, and the operator's `own` lines."""
    lines = (files("broker") / "acl").read_text(encoding="utf-8").splitlines()
    patterns = [line.removeprefix(_PATTERN) for line in lines if line.startswith(_PATTERN)]
    text = ["# Written by `octopus secrets` from the site file: changes belong into acl.own, beside it."]
    text += [line for line in lines if not line.startswith(_PATTERN)]
    for name in readers:
        text += ["", f"user {name}", "topic read octopus/v1/#"]
    for unit in site.units:
        text += ["", f"user {unit.code}"]
        text += [f"topic {line}" for pattern in patterns for line in _spelt_out(pattern, site, unit)]
    return "\n".join([*text, own]).rstrip() + "\n"


def _spelt_out(pattern: str, site: Site, unit: Unit) -> Iterator[str]:
    """Yield a pattern's line for each cell and parameter that its wildcards stand for."""
    line = pattern.replace("%u", unit.code)
    if "/+" not in line:
        yield line
        return
    for cell in unit.cells:
        of_cell = line.replace("/+", f"/{cell}", 1)
        if "/+" not in of_cell:
            yield of_cell
            continue
        for parameter in site.parameters_of(cell):
            yield of_cell.replace("/+", f"/{parameter.code}")
