"""Parses a line by a layout into an instant, values by cell and faults; the only state is each cell's pace."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.sources.csv.known import KnownFile, Place
from publisher.sources.csv.lines import (
    RAW,
    BrokenLine,
    Layout,
    Row,
    StrangeCell,
    lay_out,
    names_of,
    newest_first,
    numbered,
    read,
    split,
    widened,
)
from publisher.sources.csv.settings import File
from publisher.sources.instants import Pace, follow, resolve
from publisher.sources.numbers import Missing
from publisher.sources.source import ReadFault
from schemas import times

# So many lines may come before the header.
PREAMBLE = 500
# And so many rows tell whether the newest comes first.
_ROWS = 200


@dataclass(slots=True)
class ParsedLine:
    """A line that was dealt with: the place after it, and what it gave."""

    known: KnownFile
    place: Place
    raw: bytes = b""
    faults: list[ReadFault] = field(default_factory=list)
    observed_at: datetime | None = None
    cells: dict[str, dict[str, float | None]] = field(default_factory=dict)
    pace: tuple[str, Pace] | None = None
    # Another header than the one in force, and the place before it.
    gap: tuple[Layout, Place] | None = None
    # The layout from here on, where the rows of a file without header become wider.
    wider: Layout | None = None
    since: float = 0


class Interpreter:
    """The lines of one `[[source.files]]`; `pace` is how the times of each cell went on."""

    def __init__(self, file: File, zone: ZoneInfo, cells: Iterable[str], elsewhere: Iterable[str]) -> None:
        self._file = file
        self._zone = ZoneInfo(file.timezone) if file.timezone else zone
        self._missing = Missing(file.missing)
        self._unit_cells = frozenset(cells)
        # Other units' cells, whose lines are theirs; and texts that name no cell at all, each told once.
        self._elsewhere = frozenset(elsewhere) - self._unit_cells
        self._strange: set[str] = set()
        self.pace: dict[str, Pace] = {}

    def layout_in(self, place: Place, raw: bytes) -> Layout | None:
        """Return the layout if this line is the header, or the first one of a file without header."""
        if place.line <= self._file.skip_lines:
            return None
        text = self._text(raw)
        try:
            fields = split(text, self._file)
        except BrokenLine:
            return None
        if not self._file.header:
            return None if self._is_blank(text, fields) else lay_out(numbered(len(fields)), self._file)
        if place.line > self._file.skip_lines + PREAMBLE:
            return None
        layout = lay_out(names_of(fields), self._file)
        # A header in another encoding than the settings say lacks names only because they cannot be read.
        return None if layout is not None and layout.lacking and "\ufffd" in text else layout

    def begins_with_newest(self, lines: list[tuple[Place, bytes]], layout: Layout) -> bool:
        """Return whether the lines below a header go back in time."""
        rows = []
        for _, raw in lines[self._file.skip_after_header :][:_ROWS]:
            try:
                rows.append(split(self._text(raw), self._file))
            except BrokenLine:
                continue
        return newest_first(rows, layout, self._file)

    def read(self, known: KnownFile, before: Place, place: Place, raw: bytes, layout: Layout) -> list[ParsedLine]:
        """Read a line; where a power cut has left zeros in it, what stands between them may be whole lines."""
        whole = place.unended < 0
        if b"\0" not in (line := raw.strip(b"\0")):
            return [self._item(known, place, raw, layout, whole=whole)]
        pieces = [piece for piece in raw.split(b"\0") if piece.strip()]
        # Two lines in one have more fields than a line has, or the second begins within the first one's time.
        if self._is_row(line, layout) or not any(self._is_row(piece, layout) for piece in pieces):
            return [self._item(known, place, raw, layout, whole=False)]
        items = [self._item(known, place, piece, layout, whole=False) for piece in pieces]
        for item in items[:-1]:
            item.place, item.gap = before, None
        for item in items:
            item.raw = b""
        items[-1].raw = raw
        return items

    def _item(self, known: KnownFile, place: Place, raw: bytes, layout: Layout, *, whole: bool) -> ParsedLine:
        item = ParsedLine(known, place, raw)
        text = self._text(raw)
        try:
            fields = split(text, self._file)
            row = None if self._is_blank(text, fields) else self._row(item, fields, layout, whole=whole)
            if row is None:
                return item
            try:
                instant = resolve(row.local, self._zone, self.pace.get(row.named_cell))
            except (ValueError, OverflowError) as error:
                raise BrokenLine(str(error)) from None
        except BrokenLine as error:
            reason = f"{known.path} line {place.line}: {error}"
            if "\ufffd" in text and "encoding" not in reason:
                reason += f"; not {self._file.encoding} text, is `encoding` right?"
            item.faults.append(ReadFault(reason, text[:RAW]))
            return item
        pace = self.pace[row.named_cell] = follow(self.pace.get(row.named_cell), instant)
        item.pace = (row.named_cell, pace)
        item.faults = [ReadFault(f"{known.path} line {place.line}: {fault}", text[:RAW]) for fault in row.faults]
        if row.cells:
            item.observed_at, item.cells = times.to_milliseconds(instant), row.cells
        return item

    def _row(self, item: ParsedLine, fields: list[str], layout: Layout, *, whole: bool) -> Row | None:
        """Return the parsed fields; None for a header, which is noted in `item`, and for other units' cells."""
        if not self._file.header and len(fields) > len(layout.names):
            item.wider = layout = widened(layout, len(fields), self._file)
        try:
            return read(fields, layout, self._file, self._missing, self._unit_cells, whole=whole)
        except StrangeCell as error:
            if error.cell in self._elsewhere or error.cell in self._strange:
                return None
            self._strange.add(error.cell)
            raise
        except BrokenLine:
            # A program that is started again may write its header again, and another one.
            changed = lay_out(names_of(fields), self._file) if self._file.header else None
            if changed is None:
                raise
            if not item.known.newest_first:
                item.gap = (changed, item.place)
            return None

    def _is_row(self, piece: bytes, layout: Layout) -> bool:
        try:
            fields = split(self._text(piece), self._file)
        except BrokenLine:
            return False
        return len(fields) == len(layout.names) and not any("\0" in field for field in fields[: layout.needed])

    def _is_blank(self, text: str, fields: list[str]) -> bool:
        return not any(fields) or bool(self._file.comment and text.startswith(self._file.comment))

    def _text(self, raw: bytes) -> str:
        """Decode a line; bytes that are no text become U+FFFD and cost only their field.

        Old DOS programs end files with Ctrl-Z; programs that put files together leave byte-order marks inside.
        """
        return raw.strip(b"\r\n\0\x1a").decode(self._file.encoding, errors="replace").removeprefix("\ufeff")
