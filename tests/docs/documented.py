"""What docs/settings.md must hold: every setting of every service and source with its default."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from publisher.sources.opening import KINDS

ROOT = Path(__file__).parent.parent.parent
SERVICES = {
    "publisher.settings": "PublisherSettings",
    "ingestor.settings": "IngestorSettings",
    "watchdog.settings": "WatchdogSettings",
    "web.settings": "WebSettings",
    "bot.settings": "ServiceSettings",
    "broker.settings": "PrivateBrokerSettings",
}
# `source` is a table of its own for each kind.
ELSEWHERE = {"source", "kind"}
SECTION = re.compile(r"^###? .*`kind = \"(\w+)\"`")
ROW = re.compile(r"^\| `([a-z_0-9.]+)` \| (.+?) \| (.+) \|$")


def in_code() -> dict[str, str]:
    """Return each setting's dotted name (a source's after its kind, `csv: files.path`) with its default."""
    found: dict[str, str] = {}
    for module, name in SERVICES.items():
        found |= dict(_walk(getattr(import_module(module), name), ""))
    for kind in KINDS:
        settings = import_module(f"publisher.sources.{kind}{'.settings' if kind == 'csv' else ''}").Settings
        found |= {f"{kind}: {name}": default for name, default in _walk(settings, "")}
    return found


def in_document() -> dict[str, str]:
    """Return the rows of the document's tables under the same names."""
    found: dict[str, str] = {}
    kind = ""
    for line in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            section = SECTION.match(line)
            kind = f"{section[1]}: " if section else ""
        elif row := ROW.match(line):
            name = kind + row[1]
            assert name not in found, f"{name} is told twice"
            found[name] = row[2]
    return found


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        block = next((part for part in _parts(field.annotation) if _is_block(part)), None)
        if not prefix and name in ELSEWHERE:
            continue
        if block is not None:
            yield from _walk(block, f"{prefix}{name}.")
        else:
            yield prefix + (field.alias or name), _default(field)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _is_block(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, default=str, ensure_ascii=False)}`"
