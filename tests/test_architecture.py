"""The house's rules that a machine can check: who imports whom, how long files get, which words stay out."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVICES = {"publisher": {"schemas", "broker"}, "ingestor": {"schemas", "broker"}} | {
    name: {"schemas", "broker", "facility"} for name in ("watchdog", "web", "bot", "octopus")
}
ALLOWED: dict[str, set[str]] = {"schemas": set(), "broker": {"schemas"}, "facility": {"schemas"}} | SERVICES
# A unit's PC has no SQLAlchemy, Litestar or discord.py.
ON_A_UNITS_PC = {
    f"schemas.{name}" for name in ("site", "topics", "messages", "times", "settings", "logs", "tolerant_json")
}
HEAVY = {"sqlalchemy", "alembic", "litestar", "discord", "aiomqtt", "pymysql"}
LONGEST = 400
LEFTOVERS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "managers"}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno}: relative import"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    for path in sources(package):
        strays = (packages(path) & ALLOWED.keys()) - ALLOWED[package] - {package}
        assert not strays, f"{path.relative_to(ROOT)} imports {sorted(strays)}"


def test_the_publisher_stays_light() -> None:
    for path in sources("publisher"):
        names = imported(path)
        modules = {".".join(name.split(".")[:2]) for name in names if name.startswith("schemas.")}
        assert modules <= ON_A_UNITS_PC, f"{path.relative_to(ROOT)} imports {sorted(modules - ON_A_UNITS_PC)}"
        assert not packages(path) & HEAVY, f"{path.relative_to(ROOT)} imports {sorted(packages(path) & HEAVY)}"


@pytest.mark.parametrize("package", [*sorted(ALLOWED), "bench", "tooling"])
def test_no_file_is_grown_or_for_leftovers(package: str) -> None:
    for path in sources(package):
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert length <= LONGEST, f"{path.relative_to(ROOT)} has {length} lines"
        assert path.stem not in LEFTOVERS, f"{path.relative_to(ROOT)}: a file for leftovers"


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_nothing_is_left_to_do_and_no_error_vanishes(package: str) -> None:
    for path in sources(package):
        text = path.read_text(encoding="utf-8")
        for word in ("TODO", "FIXME", "XXX", "HACK"):
            assert word not in text, f"{path.relative_to(ROOT)} says {word}"
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.ExceptHandler)
                and all(isinstance(step, ast.Pass) for step in node.body)
                and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
            ):
                raise AssertionError(f"{path.relative_to(ROOT)}:{node.lineno}: an error vanishes")


def test_no_registry_or_moving_image_is_named() -> None:
    for path in [*(ROOT / "requirements").glob("*.txt"), *ROOT.glob("Dockerfile"), *ROOT.glob("compose.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert "index-url" not in text, path.name
        assert ":latest" not in text, path.name
        if path.suffix == ".txt":
            assert "://" not in text, path.name
