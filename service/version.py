"""Which Octopus this is, as services say it in their status."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def octopus_version() -> str:
    """Return the installed version; a checkout that was never installed calls itself so."""
    try:
        return installed_version("octopus-ecotron")
    except PackageNotFoundError:
        return "checkout"
