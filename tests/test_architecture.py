"""The rules of the layout that a machine can check: who imports whom, how long files get, which words stay out."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ABOVE_THE_SERVICES = {"schemas", "service", "broker", "storage", "telemetry", "facility"}
ALLOWED: dict[str, set[str]] = {
    "schemas": {"service"},
    "service": {"schemas"},
    "broker": {"schemas", "service"},
    "storage": {"schemas", "service"},
    "telemetry": {"schemas", "storage"},
    "facility": {"schemas", "service", "storage", "telemetry"},
    "publisher": {"schemas", "service", "broker"},
    "ingestor": {"schemas", "service", "broker", "storage", "telemetry", "facility"},
    **dict.fromkeys(("watchdog", "web", "bot", "octopus"), ABOVE_THE_SERVICES),
}
# Packages by subject. A feature imports another only by the modules that the other's `__all__` names; what all
# features share imports none of them.
SHARED = {"facility": ("acting",), "web": ("rendering", "live", "http"), "bot": ("gateway",)}
# The only modules that know every feature.
COMPOSITION = {"web.app", "bot.gateway.client", "bot.running", "bot.__main__", "web.__main__"}
# A unit's PC has no SQLAlchemy, Litestar or discord.py.
NOT_ON_A_UNITS_PC = {"schemas.tables", "schemas.migrations"}
HEAVY = {"sqlalchemy", "alembic", "litestar", "discord", "aiomqtt", "pymysql"}
LONGEST = 400
LEFTOVERS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "managers"}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for package in ALLOWED for path in sources(package)}


@cache
def imported(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno}: relative import"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def imported_modules(path: Path) -> set[str]:
    """Return the modules of ours that a file imports; the package of an imported module does not count."""
    found = {name for name in imported(path) if name in modules()}
    return {name for name in found if not any(other.startswith(f"{name}.") for other in found)}


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def exported(package: str) -> set[str]:
    """Return what a package's `__all__` names."""
    for node in ast.parse(modules()[package].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    for path in sources(package):
        strays = (packages(path) & ALLOWED.keys()) - ALLOWED[package] - {package}
        assert not strays, f"{path.relative_to(ROOT)} imports {sorted(strays)}"


@pytest.mark.parametrize("package", sorted(SHARED))
def test_a_feature_imports_no_other_features_inside(package: str) -> None:
    for path in sources(package):
        own = module_name(path)
        if own in COMPOSITION:
            continue
        feature = own.split(".")[1] if own.count(".") else ""
        for name in imported_modules(path):
            first, _, rest = name.partition(".")
            other, _, inside = rest.partition(".")
            if first != package or other in {feature, "", *SHARED[package]} or not inside:
                continue
            assert feature not in SHARED[package], f"{own} is shared by all features and imports {name}"
            assert inside in exported(f"{package}.{other}"), f"{own} imports {name}, which {other} does not export"


def test_no_module_imports_in_a_circle() -> None:
    arrows = {name: imported_modules(path) - {name} for name, path in modules().items()}
    assert not list(circles(arrows))


@pytest.mark.parametrize("package", sorted(SHARED))
def test_no_folder_of_a_package_imports_in_a_circle(package: str) -> None:
    arrows: dict[str, set[str]] = {}
    for path in sources(package):
        own = module_name(path)
        if own in COMPOSITION or own.count(".") < 2:
            continue
        folder = own.split(".")[1]
        targets = {name.split(".")[1] for name in imported_modules(path) if name.startswith(f"{package}.")}
        arrows.setdefault(folder, set()).update(
            target for target in targets if target != folder and (ROOT / package / target).is_dir()
        )
    assert not list(circles(arrows))


def circles(arrows: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield the first circle met from each start: depth first, a node that leads to none is not entered again."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> Iterator[list[str]]:
        if name in trail:
            yield [*trail[trail.index(name) :], name]
            return
        if name in done:
            return
        for target in sorted(arrows.get(name, ())):
            yield from visit(target, [*trail, name])
        done.add(name)

    for name in sorted(arrows):
        yield from visit(name, [])


def test_circles_are_found() -> None:
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == [["b", "c", "b"]]


def test_the_publisher_stays_light() -> None:
    """Whatever the publisher imports, directly or not, needs none of the server's libraries."""
    waiting, reached = ["publisher.__main__"], set[str]()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        path = modules()[name]
        # Clients of asyncio are made in a function that the publisher does not call.
        heavy = packages(path) & HEAVY - ({"aiomqtt"} if name == "broker.connecting" else set())
        assert not heavy, f"{name} imports {sorted(heavy)}"
        assert name not in NOT_ON_A_UNITS_PC, name
        waiting += imported_modules(path)


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
