"""How many connections a process may hold open: every live stream is one."""

import sys

# Systems start programs with 1,024 and let them ask for more; streams, database and files together may need it.
ENOUGH = 65_536


def allow_many() -> None:
    """Raise the limit to what the system grants without asking anybody, at most to ENOUGH."""
    if sys.platform == "win32":  # has none
        return
    import resource  # noqa: PLC0415 - not there on every system

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    granted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft not in {resource.RLIM_INFINITY, granted} and soft < granted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
