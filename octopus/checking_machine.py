"""The doctor's look at this machine: the site file, the outbox's place, free disk."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from octopus.findings import Finding
from octopus.settings import CommandSettings
from schemas.site import SiteError, read_site

_LEAST_FREE = 1 << 30


def check(chosen: CommandSettings) -> Iterator[Finding]:
    try:
        site = read_site(chosen.site)
    except SiteError as error:
        yield Finding("FAIL", "site", str(error))
        return
    yield Finding("ok", "site", f"{site.name}, {len(site.units)} units, {len(site.unit_of_cell)} cells")
    place = Path.cwd()
    if chosen.publisher:
        unit = str(chosen.publisher.get("unit"))
        if unit not in site.unit_by_code:
            yield Finding("FAIL", "publisher", f"no unit {unit} on this site: {', '.join(site.unit_by_code)}")
        outbox = Path(str(chosen.publisher.get("outbox") or f"outbox-{unit}.sqlite"))
        place = outbox.absolute().parent
        # Nothing here raises where a directory on the way may not be looked into.
        writable = os.access(place, os.W_OK | os.X_OK) and (not os.path.exists(outbox) or os.access(outbox, os.W_OK))  # noqa: PTH110
        if writable:
            yield Finding("ok", "outbox", f"{outbox} can be written")
        else:
            yield Finding("FAIL", "outbox", f"{outbox} cannot be written: make its directory, owned by this account")
            return
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        yield Finding("FAIL", "disk", f"{place}: {error.strerror}")
        return
    text = f"{free / 2**30:.1f} GiB free in {place}"
    yield (
        Finding("ok", "disk", text) if free >= _LEAST_FREE else Finding("FAIL", "disk", f"{text}: at least 1 is needed")
    )
