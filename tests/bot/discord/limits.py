"""What Discord refuses, so that the local one refuses it too. Each function yields complaints."""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


def message(body: Json, files: list[str]) -> Iterator[str]:
    content = body.get("content") or ""
    embeds = body.get("embeds") or []
    components = body.get("components") or []
    if len(content) > 2000:
        yield f"content of {len(content)} characters"
    if len(embeds) > 10:
        yield f"{len(embeds)} embeds"
    total = 0
    for one in embeds:
        yield from embed(one, files)
        total += _length(one)
    if total > 6000:
        yield f"embeds of {total} characters"
    if len(str(body.get("nonce") or "")) > 25:
        yield "nonce too long"
    if len({str(name) for name in files}) != len(files) or any(re.search(r"[^\w.-]", name) for name in files):
        yield f"file names {files}"
    for file in body.get("attachments") or []:
        if len(file.get("description") or "") > 1024:
            yield "file description too long"
    yield from _rows(components)


def empty(body: Json, files: list[str]) -> Iterator[str]:
    words = (body.get("content") or "").strip()
    if not words and not files and not any(body.get(name) for name in ("embeds", "components")):
        yield "an empty message"


def embed(one: Json, files: list[str]) -> Iterator[str]:
    yield from _texts(one)
    for field in one.get("fields") or []:
        if not 1 <= len(field["name"].strip()) <= 256 or not 1 <= len(field["value"].strip()) <= 1024:
            yield f"field {field['name'][:30]!r} is empty or too long"
    if not 0 <= (one.get("color") or 0) <= 0xFFFFFF:
        yield f"colour {one['color']}"
    if not re.match(r"https?://\S+$", one.get("url") or "http://x"):
        yield f"embed address {one['url']!r}"
    url = (one.get("image") or {}).get("url", "")
    if url.startswith("attachment://") and url.removeprefix("attachment://") not in files:
        yield f"embed shows {url}, which was not sent"
    if not any(one.get(name) for name in ("title", "description", "fields", "image", "footer")):
        yield "empty embed"


def _texts(one: Json) -> Iterator[str]:
    for name, limit in (("title", 256), ("description", 4096)):
        if len(one.get(name) or "") > limit:
            yield f"embed {name} too long"
    if len((one.get("footer") or {}).get("text") or "") > 2048:
        yield "embed footer too long"
    if len(one.get("fields") or []) > 25:
        yield "too many fields"


def _length(one: Json) -> int:
    texts = [one.get("title"), one.get("description"), (one.get("footer") or {}).get("text")]
    texts += [text for field in one.get("fields") or [] for text in (field["name"], field["value"])]
    return sum(len(text or "") for text in texts)


def _rows(rows: list[Json]) -> Iterator[str]:
    if len(rows) > 5:
        yield f"{len(rows)} rows of components"
    for row in rows:
        inside = row.get("components") or []
        if row["type"] != 1 or not inside or len(inside) > 5:
            yield "a row that is empty or too long"
        if len(inside) > 1 and any(part["type"] == 3 for part in inside):
            yield "a menu shares its row"
        for part in inside:
            yield from _select(part) if part["type"] == 3 else _button(part)
    ids = [part["custom_id"] for row in rows for part in row.get("components") or [] if "custom_id" in part]
    if len(ids) != len(set(ids)):
        yield f"custom ids twice: {ids}"
    yield from (f"custom id {custom_id!r}" for custom_id in ids if not 1 <= len(custom_id) <= 100)


def _button(part: Json) -> Iterator[str]:
    if not 1 <= len(part.get("label") or "") <= 80:
        yield f"label {part.get('label')!r}"
    if (part["style"] == 5) != ("url" in part) or (part["style"] == 5 and "custom_id" in part):
        yield "a link button has an address and nothing else has one"
    if part["style"] == 5 and not re.match(r"https?://\S{1,500}$", part.get("url", "")):
        yield f"address {part.get('url')!r}"


def _select(part: Json) -> Iterator[str]:
    options = part.get("options") or []
    if not 1 <= len(options) <= 25:
        yield f"a menu of {len(options)} options"
    if len(part.get("placeholder") or "") > 150:
        yield "placeholder too long"
    if len({option["value"] for option in options}) != len(options):
        yield "option values twice"
    for option in options:
        if not 1 <= len(option["label"]) <= 100 or not 1 <= len(option["value"]) <= 100:
            yield f"option {option['label'][:30]!r}"


def choices(found: list[Json]) -> Iterator[str]:
    if len(found) > 25:
        yield f"{len(found)} choices"
    for choice in found:
        if not 1 <= len(choice["name"]) <= 100 or not 1 <= len(str(choice["value"])) <= 100:
            yield f"choice {choice['name'][:30]!r}"


def commands(found: list[Json]) -> Iterator[str]:
    if len(found) > 100:
        yield "too many commands"
    for command in found:
        yield from _named(command)
        if len(command.get("options") or []) > 25:
            yield "too many options"
        optional = False
        for option in command.get("options") or []:
            yield from _named(option)
            if option.get("required") and optional:
                yield f"{command['name']}: a required option after an optional one"
            optional |= not option.get("required")
    for names in (
        [command["name"] for command in found],
        [(command.get("name_localizations") or {}).get("en-US", command["name"]) for command in found],
    ):
        if len(set(names)) != len(names):
            yield f"commands twice: {names}"


def _named(one: Json) -> Iterator[str]:
    for name in (one["name"], *(one.get("name_localizations") or {}).values()):
        if COMMAND_NAME.fullmatch(name) is None or name != name.lower():
            yield f"name {name!r}"
    for words in (one.get("description"), *(one.get("description_localizations") or {}).values()):
        if not 1 <= len(words or "") <= 100:
            yield f"description {words!r}"
