"""The installed version, as services publish it in their status."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def octopus_version() -> str:
    """Return the installed version; "checkout" where the package is not installed."""
    try:
        return installed_version("octopus-ecotron")
    except PackageNotFoundError:
        return "checkout"
