"""From files to rows in order: headers, faults and instants, with the place after each line."""

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from publisher.sources.csv.blocks import CHUNK
from publisher.sources.csv.following import SETTLED, Follower
from publisher.sources.csv.known import Known, Place
from publisher.sources.csv.lines import (
    RAW,
    BrokenLine,
    Layout,
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
from publisher.sources.source import Fault
from schemas import times

log = logging.getLogger(__name__)

# So many lines may come before the header.
PREAMBLE = 500
# And so many rows tell whether the newest comes first.
ROWS = 200


@dataclass(slots=True)
class Item:
    """A line that was dealt with: the place after it, and what it gave."""

    known: Known
    place: Place
    raw: bytes = b""
    faults: list[Fault] = field(default_factory=list)
    observed_at: datetime | None = None
    cells: dict[str, dict[str, float | None]] = field(default_factory=dict)
    pace: tuple[str, Pace] | None = None
    gap: tuple[Layout, Place] | None = None
    since: float = 0


class Reader:
    """One `[[source.files]]`: reads ahead into `items`; `keep` makes an item's place the remembered one."""

    def __init__(
        self, file: File, zone: ZoneInfo, cells: Iterable[str], saved: dict[str, Any], elsewhere: Iterable[str] = ()
    ) -> None:
        self.file = file
        self.items: deque[Item] = deque()
        self._zone = ZoneInfo(file.timezone) if file.timezone else zone
        self._missing = Missing(file.missing)
        self._unit_cells = frozenset(cells)
        # Other units' cells, whose lines are theirs; and texts that name no cell at all, each told once.
        self._elsewhere = frozenset(elsewhere) - self._unit_cells
        self._strange: set[str] = set()
        self._layouts: dict[Known, Layout] = {}
        self._refused: dict[Known, str] = {}
        self._said: set[str] = set()
        # The first header that lacked mapped columns: the place before it, its names, what it lacked.
        self._gap: dict[str, Any] | None = saved.get("gap")
        if self._gap is not None and self._mended(self._gap):
            log.info("%s is read again from where columns were not found, for the mapping has changed", file.path)
            saved, self._gap = self._gap, None
        self._follower = Follower(file, saved.get("files", []))
        self._kept_pace = {
            cell: Pace(times.from_text(last), step) for cell, (last, step) in saved.get("pace", {}).items()
        }
        self._pace = dict(self._kept_pace)

    @property
    def cells(self) -> frozenset[str]:
        """The cells that its lines can belong to."""
        if self.file.cell_column is not None:
            return self._unit_cells
        return frozenset(column.cell or self.file.cell or "" for column in self.file.mapped.values())

    def saved(self) -> dict[str, Any]:
        """Return the remembered place: all before it was handed over."""
        place = self._place()
        return place if self._gap is None else place | {"gap": self._gap}

    def keep(self, item: Item) -> None:
        known = item.known
        if item.gap is not None and self._gap is None:
            layout, before = item.gap
            known.kept, end, known.end = before, known.end, -1
            self._gap = self._place() | {"names": list(layout.names), "lacking": list(layout.lacking)}
            known.end = end
        if item.place.body != known.kept.body:
            known.tail.clear()
        known.tail.add(item.raw)
        known.kept = item.place
        if item.pace is not None:
            self._kept_pace[item.pace[0]] = item.pace[1]

    def fill(self) -> list[Fault]:
        """Read the next lines, if there are any; return what is wrong with the files, once per change."""
        lost: list[str] = []
        wrong: list[str] = []
        try:
            lost = self._follower.look()
            for known in self._follower.unread():
                self._take(known)
                if self.items:
                    break
        except OSError as error:
            wrong.append(f"{error.filename or self.file.path}: {error.strerror or error}")
        else:
            if not any(known.present for known in self._follower.files):
                wrong.append(f"{self.file.path}: no such file; waiting for it")
        wrong += [reason for known, reason in self._refused.items() if known.present]
        wrong += [reason for known in self._follower.files if (reason := self._no_line_in(known))]
        news = [Fault(reason) for reason in (*lost, *(reason for reason in wrong if reason not in self._said))]
        self._said = set(wrong)
        return news

    def _place(self) -> dict[str, Any]:
        pace = {cell: [times.to_text(pace.last), pace.step] for cell, pace in self._kept_pace.items()}
        return {"files": self._follower.saved(), "pace": pace}

    def _mended(self, gap: dict[str, Any]) -> bool:
        layout = lay_out(tuple(gap["names"]), self.file)
        return layout is not None and set(layout.lacking) != set(gap["lacking"])

    def _take(self, known: Known) -> None:
        if known.moved and not self._settle(known):
            return
        before = known.read
        layout = self._layouts.get(known) or self._header_again(known)
        if known in self._refused and known.read.header >= 0:
            return
        lines = self._follower.lines(known)
        # Old lines do not wait for partners in other files: those were written long ago, or never will be.
        since = 0.0 if abs(known.read.offset - before.offset) > CHUNK // 2 else monotonic()
        place, skip = before, self._skip(before)
        for number, (after, raw) in enumerate(lines):
            start, place = place.offset, replace(after, header=place.header, body=place.body)
            if layout is None:
                if (layout := self._open(place, raw)) is not None:
                    place = replace(place, header=start, body=place.offset if self.file.header else start)
                    first = number + 1 if self.file.header else number
                    if before.offset == 0 and self._begins_with_newest(lines[first:], layout):
                        self._turn_around(known, layout, place, lines[first:])
                        return
                    skip = self._skip(place)
                    began = replace(place, offset=start, line=place.line - 1)
                    self._begin(known, layout, began, place if self.file.header else began)
                if layout is None or self.file.header:
                    continue
            if skip > 0:
                skip -= 1
                self.items.append(Item(known, place, raw))
                continue
            for item in self._read_all(known, place, raw, layout):
                item.since = since
                if item.gap is not None:
                    layout = item.gap[0]
                    place = replace(place, header=start, body=place.offset)
                    skip = self._skip(place)
                    self._begin(known, layout, replace(item.place, offset=start, line=place.line - 1), place)
                    continue
                self.items.append(item)
            layout = self._layouts[known]
        known.read = place if layout is not None else before
        if layout is None and lines:
            self._refuse(known, lines[0][1])

    def _begins_with_newest(self, lines: list[tuple[Place, bytes]], layout: Layout) -> bool:
        rows = []
        for _, raw in lines[self.file.skip_after_header :][:ROWS]:
            try:
                rows.append(split(self._text(raw), self.file))
            except BrokenLine:
                continue
        return newest_first(rows, layout, self.file)

    def _turn_around(self, known: Known, layout: Layout, place: Place, below: list[tuple[Place, bytes]]) -> None:
        """Read a file that begins with its newest line from its end on: times go up, as everywhere."""
        body = below[self.file.skip_after_header - 1][0].offset if self.file.skip_after_header else place.body
        if not self._follower.turn_around(known, place.header, body):
            known.read = known.kept
            return
        log.info("%s has its newest line first: it is read from its end", known.path)
        self._begin(known, layout, Place(), known.read)

    def _settle(self, known: Known) -> bool:
        """Find the header of a file that was written anew; tell whether its lines can be read on."""
        lines = self._follower.start(known)
        start, above = 0, 0
        for place, raw in lines:
            above += self.file.header and bool(raw.strip())
            layout = self._open(place, raw)
            if layout is None:
                above += not self.file.header and bool(raw.strip())
                start = place.offset
                continue
            body = place.offset if self.file.header else start
            if known.newest_first and self.file.skip_after_header:
                body = next((p.offset for p, _ in lines if p.line == place.line + self.file.skip_after_header), body)
            if layout.lacking or not self._follower.settle(known, start, body, above):
                break
            self._layouts[known] = layout
            self._refused.pop(known, None)
            return True
        else:
            self._refuse(known, lines[0][1] if lines else b"")
            return False
        # Another header, or lines put in before those that were kept: all is read, and what is known is known.
        known.begin_again()
        self._layouts.pop(known, None)
        self._refused.pop(known, None)
        return True

    def _open(self, place: Place, raw: bytes) -> Layout | None:
        """Return the layout if this line is the header, or the first one of a file without header."""
        if place.line <= self.file.skip_lines:
            return None
        shown = self._text(raw)
        try:
            fields = split(shown, self.file)
        except BrokenLine:
            return None
        if not self.file.header:
            return None if self._says_nothing(shown, fields) else lay_out(numbered(len(fields)), self.file)
        if place.line > self.file.skip_lines + PREAMBLE:
            return None
        layout = lay_out(names_of(fields), self.file)
        # A header in another encoding than the settings say lacks names only because they cannot be read.
        return None if layout is not None and layout.lacking and "\ufffd" in shown else layout

    def _begin(self, known: Known, layout: Layout, before: Place, place: Place) -> None:
        """Take the lines from here on as this header says."""
        self._layouts[known] = layout
        self._refused.pop(known, None)
        item = Item(known, place)
        if layout.lacking:
            item.gap = (layout, before)
            item.faults = [
                Fault(
                    f"{known.path} line {before.line + 1}: there is no column {', '.join(layout.lacking)}; the others are"
                    " read. Once the mapping names it, everything from here on is read again",
                    self.file.delimiter.join(layout.names)[:RAW],
                )
            ]
        self.items.append(item)

    def _read_all(self, known: Known, place: Place, raw: bytes, layout: Layout) -> list[Item]:
        """Read a line; where a power cut has left zeros in it, what stands between them may be whole lines."""
        whole = place.unended < 0
        if b"\0" not in (line := raw.strip(b"\0")):
            return [self._read(known, place, raw, layout, whole=whole)]
        pieces = [piece for piece in raw.split(b"\0") if piece.strip()]
        # Two lines in one have more fields than a line has, or the second begins within the first one's time.
        if self._is_row(line, layout) or not any(self._is_row(piece, layout) for piece in pieces):
            return [self._read(known, place, raw, layout, whole=False)]
        items = [self._read(known, place, piece, layout, whole=False) for piece in pieces]
        for item in items[:-1]:
            item.place, item.gap = known.kept if not self.items else self.items[-1].place, None
        for item in items:
            item.raw = b""
        items[-1].raw = raw
        return items

    def _is_row(self, piece: bytes, layout: Layout) -> bool:
        try:
            fields = split(self._text(piece), self.file)
        except BrokenLine:
            return False
        return len(fields) == len(layout.names) and not any("\0" in field for field in fields[: layout.needed])

    def _read(self, known: Known, place: Place, raw: bytes, layout: Layout, *, whole: bool) -> Item:
        item = Item(known, place, raw)
        shown = self._text(raw)
        try:
            fields = split(shown, self.file)
            if self._says_nothing(shown, fields):
                return item
            if not self.file.header and len(fields) > len(layout.names):
                layout = self._layouts[known] = widened(layout, len(fields), self.file)
            try:
                row = read(fields, layout, self.file, self._missing, self._unit_cells, whole=whole)
            except StrangeCell as error:
                if error.cell in self._elsewhere or error.cell in self._strange:
                    return item
                self._strange.add(error.cell)
                raise
            except BrokenLine:
                # A program that is started again may write its header again, and another one.
                changed = lay_out(names_of(fields), self.file) if self.file.header else None
                if changed is None:
                    raise
                if not known.newest_first:
                    item.gap = (changed, place)
                return item
            if row is None:
                return item
            try:
                instant = resolve(row.local, self._zone, self._pace.get(row.named_cell))
            except (ValueError, OverflowError) as error:
                raise BrokenLine(str(error)) from None
        except BrokenLine as error:
            reason = f"{known.path} line {place.line}: {error}"
            if "\ufffd" in shown and "encoding" not in reason:
                reason += f"; not {self.file.encoding} text, is `encoding` right?"
            item.faults.append(Fault(reason, shown[:RAW]))
            return item
        pace = self._pace[row.named_cell] = follow(self._pace.get(row.named_cell), instant)
        item.pace = (row.named_cell, pace)
        item.faults = [Fault(f"{known.path} line {place.line}: {fault}", shown[:RAW]) for fault in row.faults]
        if row.cells:
            item.observed_at, item.cells = times.to_milliseconds(instant), row.cells
        return item

    def _says_nothing(self, shown: str, fields: list[str]) -> bool:
        return not any(fields) or bool(self.file.comment and shown.startswith(self.file.comment))

    def _text(self, raw: bytes) -> str:
        """Decode a line; bytes that are no text become U+FFFD and cost only their field.

        Old DOS programs end files with Ctrl-Z; programs that put files together leave byte-order marks inside.
        """
        return raw.strip(b"\r\n\0\x1a").decode(self.file.encoding, errors="replace").removeprefix("\ufeff")

    def _no_line_in(self, known: Known) -> str | None:
        """Say what is wrong with a file that has bytes and never yields a line."""
        if not known.present or known.size <= 0 or known.read.offset > 0 or known in self._refused:
            return None
        empty = known.written == 0  # as far as it was looked at
        if (known.size < CHUNK or empty) and monotonic() - known.still_since < SETTLED:
            return None
        what = "nothing but zeros" if empty else "no line that has an end"
        return f"{known.path}: {known.size} bytes and {what}; waiting for one"

    def _skip(self, place: Place) -> int:
        return self.file.skip_after_header if place.header >= 0 and place.offset == place.body else 0

    def _header_again(self, known: Known) -> Layout | None:
        """After a restart: the layout that was in force, from the header that is still in the file."""
        if known.read.header < 0:
            return None
        raw = self._follower.header(known)
        layout = self._open(replace(known.read, line=self.file.skip_lines + 1), raw)
        if layout is None:
            self._refuse(known, raw)
        else:
            self._layouts[known] = layout
            self._refused.pop(known, None)
        return layout

    def _refuse(self, known: Known, raw: bytes) -> None:
        """Leave a file that makes no sense where it is: nothing of it is lost once the settings are mended."""
        known.refused_size = known.size
        wanted = ", ".join(self.file.needed_columns)
        begins = raw.decode(self.file.encoding, errors="backslashreplace").strip()[:80]
        self._refused[known] = (
            f"{known.path}: no header with column {wanted} in the first {PREAMBLE} lines;"
            f" it begins with {begins!r}. Nothing of it is read until that or the settings change"
        )
