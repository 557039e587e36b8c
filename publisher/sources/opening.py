"""Sources by kind. Each is imported only when it is asked for: it may need a library that others do without."""

from importlib import import_module
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from publisher.sources.source import Source
from schemas.site import Site, Unit
from service.settings import Block, SettingsError

KINDS = ("simulated", "csv", "http", "modbus", "opcua")


def check(raw: dict[str, Any]) -> Block:
    """Return a source's own settings; raise ValueError that names every fault."""
    try:
        return _settings(_module(raw), raw)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc']))}: "
            + ("unknown setting" if fault["type"] == "extra_forbidden" else fault["msg"])
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise ValueError("; ".join(faults)) from error


def open_source(raw: dict[str, Any], site: Site, unit: Unit) -> Source:
    """Open what `[source]` describes; raise SettingsError where it does not fit the site."""
    try:
        settings = check(raw)
    except ValueError as error:
        raise SettingsError(f"setting source: {error}") from error
    source: Source = _module(raw).open_source(settings, site, unit)
    return source


def _module(raw: dict[str, Any]) -> ModuleType:
    kind = raw.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}" + ("" if kind is None else f", not {kind!r}"))
    return _import(f"publisher.sources.{kind}", kind)


def _import(name: str, kind: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        extra = kind if kind in {"modbus", "opcua"} else "publisher"
        raise ValueError(f"the {kind} source needs {error.name}: pip install 'octopus-ecotron[{extra}]'") from error


def _settings(module: ModuleType, raw: dict[str, Any]) -> Block:
    settings: Block = module.Settings.model_validate(raw)
    return settings
