"""A `[[source.files]]` proposed from a sample of a file, to be edited by the person who knows it."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

from publisher.sources.csv import blocks
from publisher.sources.csv.guessing_times import NAME_OF_TIME, Times, find_times
from publisher.sources.csv.lines import BrokenLine, names_of, numbered, split
from publisher.sources.csv.settings import MISSING, File
from publisher.sources.instants import parse
from publisher.sources.numbers import Missing, number

SAMPLE = 128 * 1024
_ROWS = 400
_DELIMITERS = (";", "\t", ",", "|")
# What loggers write for want of a value.
_SENTINEL = re.compile(r"-(?:9{3,6}|99[.,]9)(?:[.,]?[09]+)?|-?(?:[67]999|9{4,6})(?:[.,][09]+)?|-32768(?:[.,]0+)?")
_CELLS = re.compile(r"cell|chamber|chambre|enceinte|room", re.IGNORECASE)
_UNIT = re.compile(r"([+\-\u2212]?\d[\d\s.,\u00a0\u202f]*?)\s*([^\W\d_]{1,3}|[%‰]|°\s?[CFK]?|[µu]mol.*|[a-zA-Z]+/\S+)")
# Parts of names that are used for a quantity, most telling first.
_PARAMETERS = {
    "co2_setpoint": r"co2.*(?:set|sp\b|consigne|vip)",
    "air_temperature_setpoint": r"(?:temp|^t).*(?:set|sp\b|consigne|vip)",
    "co2": r"co[2₂]", "relative_humidity": r"rh|hr\b|humid", "par": r"\bpar|parin|ppfd", "rainfall": r"rain|pluie",
    "door": r"door|porte", "lysimeter_mass": r"lysim|mass", "o2": r"\bo[2₂]\b",
    "air_temperature": r"t_?air|air_?t|temp|t\s?°|^t$|t_reprise",
}  # fmt: skip


class Unguessable(Exception):  # noqa: N818 - it says what is wrong with the file, not with us
    """Nothing can be proposed; the message has the cause."""


@dataclass(slots=True)
class Guess:
    """What a sample shows; `rows` are those below the header."""

    path: str
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    names: list[str]
    header: bool
    skip_lines: int
    skip_after_header: int
    comment: str
    times: Times
    rows: list[list[str]]
    total: int
    missing: list[str] = field(default_factory=list)

    def to_toml(self) -> str:
        """Return the block with a remark wherever a person has to decide."""
        lines = [
            f"# {Path(self.path).name}: {self.total} lines; the time of the first row is read as {self._first_time()}",
            '[source]\nkind = "csv"\n\n[[source.files]]',
            f"path = {_toml(self.path)} # * and ? stand for dates or numbers in the name",
        ]
        for name, value, usual in (
            ("encoding", self.encoding, "utf-8"), ("delimiter", self.delimiter, ","), ("decimal", self.decimal, "."),
            ("thousands", self.thousands, ""), ("header", self.header, True), ("skip_lines", self.skip_lines, 0),
            ("skip_after_header", self.skip_after_header, 0), ("comment", self.comment, ""),
        ):  # fmt: skip
            if value != usual:
                lines.append(f"{name} = {_toml(value)}")
        lines.append(f"time_columns = {_toml([self.names[index] for index in self.times.columns])}")
        also = f" # {self.times.also} fits as well: look at the days" if self.times.also else ""
        lines.append(f"time_formats = {_toml([self.times.form])}{also}")
        if not self.times.offset and not self.times.form.startswith("unix"):
            lines.append('timezone = "Europe/Paris" # a logger that stays on winter time: "Etc/GMT-1"')
        if self.missing:
            lines.append(f"missing = {_toml([*MISSING, *self.missing])}")
        tag = self._tag()
        if tag is not None:
            lines += [f"parameter_column = {_toml(self.names[tag[0]])}", f"value_column = {_toml(self.names[tag[1]])}"]
        lines.append('cell = "E1C1" # whose values they are')
        lines += [f"# cell_column = {_toml(name)} # in place of cell" for name in self.names if _CELLS.search(name)]
        lines += ["", "[source.files.columns] # a column that is commented out is not read"]
        lines += self._columns() if tag is None else self._tags(tag)
        return "\n".join(lines) + "\n"

    def _first_time(self) -> str:
        row = next(row for row in self.rows if _has_time(row, self.times, self.decimal))
        moment = parse([row[index] for index in self.times.columns], (self.times.form,), self.decimal)
        return f"{moment.day} {moment:%B %Y, %H:%M:%S}"

    def _columns(self) -> list[str]:
        lines, taken = [], set[str]()
        for index, name in enumerate(self.names):
            if index not in self.times.columns and name.split("#")[0]:
                lines.append(self._column(name, [row[index] for row in self.rows if index < len(row)], taken))
        return lines

    def _column(self, name: str, texts: list[str], taken: set[str]) -> str:
        sample = next((text for text in texts if text), "")
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)
        known = Missing([*MISSING, *self.missing])
        given = [text for text in texts if not known.has(text)]
        parameter = next(
            (code for code, pattern in _PARAMETERS.items() if re.search(pattern, name, re.IGNORECASE)), None
        )
        active = "" if parameter is not None and parameter not in taken else "# "
        if not given:
            return f'# {key} = "..." # no value in the sample'
        if all(_is_number(text, self) for text in given):
            if not active and parameter is not None:
                taken.add(parameter)
            return f"{active}{key} = {_toml(parameter or '...')} # as {sample}"
        units = {match[2] for text in given if (match := _UNIT.fullmatch(text))}
        if len(units) == 1 and all(_is_number(text, self, unit := next(iter(units))) for text in given):
            if not active and parameter is not None:
                taken.add(parameter)
            return f"{active}{key} = {{ parameter = {_toml(parameter or '...')}, unit = {_toml(unit)} }} # as {sample}"
        if len(words := sorted(set(given))) <= 4:
            pairs = ", ".join(f"{_toml(word)} = {n}" for n, word in enumerate(words))
            return f"# {key} = {{ parameter = {_toml(parameter or '...')}, words = {{ {pairs} }} }}"
        return f"# {key} # texts, as {sample}"

    def _tag(self) -> tuple[int, int] | None:
        """Return the columns of tag and value where each row holds the value of one tag."""
        rest = [index for index in range(len(self.names)) if index not in self.times.columns]
        tags = [
            index
            for index in rest
            if 1 < len({row[index] for row in self.rows}) < len(self.rows) * 0.8
            and not any(_is_number(row[index], self) for row in self.rows)
        ]
        known = Missing([*MISSING, *self.missing])
        values = [
            index for index in rest if all(known.has(row[index]) or _is_number(row[index], self) for row in self.rows)
        ]
        named = [index for index in tags if re.search(r"tag|var|name|param|signal", self.names[index], re.IGNORECASE)]
        if not named or not values:
            return None
        return named[0], next((i for i in values if re.search(r"val|wert", self.names[i], re.IGNORECASE)), values[0])

    def _tags(self, tag: tuple[int, int]) -> list[str]:
        first = {row[tag[0]]: row[tag[1]] for row in reversed(self.rows)}
        taken = set[str]()
        return [self._column(name, [first[name]], taken) for name in sorted(first) if not name.startswith("$")]


def guess(path: Path) -> Guess:
    """Look at a sample of the file; raise Unguessable with the reason, OSError where it cannot be read."""
    data = _sample(path)
    encoding = _encoding(data)
    lines = [line.raw for line in blocks.whole_lines(data, 0)]
    if not lines:
        raise Unguessable(f"{path}: no line has an end in its first {len(data)} bytes")
    texts = [raw.strip(b"\r\n\0\x1a").decode(encoding, errors="replace").removeprefix("\ufeff") for raw in lines]
    found = [one for delimiter in _DELIMITERS if (one := _with(delimiter, texts, encoding, path)) is not None]
    # Spaces stand in dates and numbers, too: they delimit only where nothing else does.
    if not found and (one := _with(" ", texts, encoding, path)) is not None:
        found = [one]
    if not found:
        raise Unguessable(
            f"{path}: no column holds a time in each line; where the date stands in the file's name only,"
            " the program has to write it into the lines"
        )
    return max(found, key=_likelihood)


def _sample(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(SAMPLE)
    text = data.rstrip(b"\0")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or text.count(b"\0") > len(text) // 4 > 0:
        raise Unguessable(f"{path}: this looks like UTF-16, which cannot be followed; let the program write UTF-8")
    if data[:2] in {b"\x1f\x8b", b"PK"} or data[:4] == b"\xd0\xcf\x11\xe0":
        raise Unguessable(f"{path}: this is a packed file or a spreadsheet's own format; save it as CSV")
    if not text:
        raise Unguessable(f"{path}: there is nothing in it yet")
    if len(data) < SAMPLE and not data.endswith((b"\n", b"\r")):
        data = text + b"\n"
    return data


def _encoding(data: bytes) -> str:
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    # A few bytes in columns that nobody maps do not make another encoding, nor does a character cut at the end.
    if sum(letter > "\x7f" for letter in text) - broken >= broken - 1:
        return "utf-8"
    return "cp1252" if any(0x80 <= byte <= 0x9F for byte in data) else "latin-1"


def _with(delimiter: str, texts: list[str], encoding: str, path: Path) -> Guess | None:
    """Return what the sample shows if this is the delimiter; None where it then has no time."""
    file = File(path=str(path), delimiter=delimiter, time_columns=("time",), cell="any", columns={"any": "any"})
    comment = _comment(texts)
    rows = [[] if comment and text.startswith(comment) else _split(text, file) for text in texts]
    filled = [row for row in rows if any(row)]
    widths = Counter(len(row) for row in filled[-_ROWS:])
    width = max(widths, key=lambda size: (widths[size], size), default=0)
    if width < 2:
        return None
    decimal, thousands = _marks(delimiter, filled[-_ROWS:])
    wide = [row for row in filled if len(row) == width]
    # The last rows are rows for certain: what is a time in them tells where the rows begin.
    times = find_times(wide[-max(1, len(wide) // 3) :], [], decimal)
    first = next((n for n, row in enumerate(rows) if times and _has_time(row, times, decimal)), len(rows))
    header, units, skipped = _header(rows[:first], width)
    names = list(names_of(header)) if header else list(numbered(width))
    body = [row for row in rows[first:] if len(row) == width and any(row)]
    times = find_times([*body[:_ROWS], *body[_ROWS:][-_ROWS:]], names, decimal) if body else None
    if times is None:
        return None
    found = Guess(
        str(path.resolve()), encoding, delimiter, decimal, thousands, names, bool(header), skipped, units,
        comment, times, body, len(filled),
    )  # fmt: skip
    found.missing = _missing(found)
    return found


def _has_time(row: list[str], times: Times, decimal: str) -> bool:
    try:
        parse([row[index] for index in times.columns], (times.form,), decimal)
    except (ValueError, IndexError):
        return False
    return True


def _split(text: str, file: File) -> list[str]:
    try:
        return split(text, file)
    except BrokenLine:
        return [text]


def _comment(texts: list[str]) -> str:
    return next((mark for mark in ("#", "//", "%") if any(text.startswith(mark) for text in texts[:50])), "")


def _marks(delimiter: str, rows: list[list[str]]) -> tuple[str, str]:
    fields = [text for row in rows for text in row]
    comma = sum(bool(re.fullmatch(r"[+\-\u2212]?[\d\s\u00a0\u202f]*\d,\d+(?:\s*\D+)?", text)) for text in fields)
    point = sum(bool(re.fullmatch(r"[+\-\u2212]?\d+\.\d+(?:\s*\D+)?", text)) for text in fields)
    decimal = "," if comma > point and delimiter != "," else "."
    grouped = re.compile(rf"[+-]?\d{{1,3}}(?: \d{{3}})+(?:{re.escape(decimal)}\d+)?")
    return decimal, " " if any(grouped.fullmatch(text) for text in fields) else ""


def _header(above: list[list[str]], width: int) -> tuple[list[str] | None, int, int]:
    """Return the header, how many lines of units follow it, and how many lines to skip where there is none."""
    named = [n for n, row in enumerate(above) if len(row) == width and sum(map(bool, row)) * 2 >= width]
    if not named:
        return None, 0, len(above) if any(any(row) for row in above) else 0
    place = next((n for n in named if any(NAME_OF_TIME.search(text) for text in above[n])), named[0])
    return above[place], len(above) - place - 1, 0


def _missing(found: Guess) -> list[str]:
    """Return the texts that mean no value in columns of numbers."""
    known, texts = Missing(MISSING), Counter[str]()
    for index in range(len(found.names)):
        if index in found.times.columns:
            continue
        given = [row[index] for row in found.rows if index < len(row) and not known.has(row[index])]
        numbers = sum(_is_number(text, found) for text in given)
        texts.update(text for text in given if _SENTINEL.fullmatch(text))
        if numbers * 2 > len(given):
            texts.update(text for text in given if not _is_number(text, found) and not _UNIT.fullmatch(text))
    listed: list[str] = []
    for text, _ in texts.most_common(6):
        if not Missing(listed).has(text):
            listed.append(text)
    return listed


def _is_number(text: str, found: Guess, unit: str = "") -> bool:
    try:
        return not isnan(number(text, found.decimal, found.thousands, unit))
    except ValueError:
        return False


def _likelihood(found: Guess) -> tuple[float, float]:
    numbers = sum(_is_number(text, found) for row in found.rows for text in row)
    return (
        len(found.rows) / max(1, min(found.total, _ROWS)) + numbers / max(1, sum(map(len, found.rows))),
        len(found.names),
    )


def _toml(value: object) -> str:
    """Return a value as TOML writes it; JSON's texts, lists and booleans are the same."""
    return json.dumps(value, ensure_ascii=False)
