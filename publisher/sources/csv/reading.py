"""From files to rows in order: headers, faults and instants, with the place after each line."""

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from publisher.sources.csv.following import CHUNK, Follower, Known, Place
from publisher.sources.csv.lines import RAW, BrokenLine, Layout, lay_out, names_of, read, split
from publisher.sources.csv.settings import File
from publisher.sources.instants import Pace, follow, resolve
from publisher.sources.numbers import Missing
from publisher.sources.source import Fault
from schemas import times

log = logging.getLogger(__name__)

# So many lines may come before the header.
PREAMBLE = 50


@dataclass(slots=True)
class Item:
    """A line that was dealt with: the place after it, and what it gave."""

    known: Known
    place: Place
    faults: list[Fault] = field(default_factory=list)
    observed_at: datetime | None = None
    cells: dict[str, dict[str, float | None]] = field(default_factory=dict)
    pace: tuple[str, Pace] | None = None
    gap: tuple[Layout, Place] | None = None
    since: float = 0


class Reader:
    """One `[[source.files]]`: reads ahead into `items`; `keep` makes an item's place the remembered one."""

    def __init__(self, file: File, zone: ZoneInfo, cells: Iterable[str], saved: dict[str, Any]) -> None:
        self.file = file
        self.items: deque[Item] = deque()
        self._zone = ZoneInfo(file.timezone) if file.timezone else zone
        self._missing = Missing(file.missing)
        self._unit_cells = frozenset(cells)
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
        if item.gap is not None and self._gap is None:
            layout, before = item.gap
            item.known.kept = before
            self._gap = self._place() | {"names": list(layout.names), "lacking": list(layout.lacking)}
        item.known.kept = item.place
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
        before = known.read
        layout = self._layouts.get(known) or self._header_again(known)
        if known in self._refused and known.read.header >= 0:
            return
        lines = self._follower.lines(known)
        # Old lines do not wait for partners in other files: those were written long ago, or never will be.
        since = 0.0 if known.read.offset - before.offset > CHUNK // 2 else monotonic()
        place, skip = before, self._skip(before)
        for after, raw in lines:
            start, place = place.offset, replace(after, header=place.header, body=place.body)
            if layout is None:
                if (layout := self._open(place, raw)) is not None:
                    place = replace(place, header=start, body=place.offset if self.file.header else start)
                    skip = self._skip(place)
                    self._begin(known, layout, replace(place, offset=start, line=place.line - 1), place)
                if layout is None or self.file.header:
                    continue
            if skip > 0:
                skip -= 1
                continue
            item = self._read(known, place, raw, layout)
            if item.gap is not None:
                layout = item.gap[0]
                place = replace(place, header=start, body=place.offset)
                skip = self._skip(place)
                self._begin(known, layout, replace(item.place, offset=start, line=place.line - 1), place)
                continue
            item.since = since
            self.items.append(item)
        known.read = place if layout is not None else before
        if layout is None and lines:
            self._refuse(known, lines[0][1])

    def _open(self, place: Place, raw: bytes) -> Layout | None:
        """Return the layout if this line is the header, or the first one of a file without header."""
        if place.line <= self.file.skip_lines or place.line > self.file.skip_lines + PREAMBLE:
            return None
        try:
            fields = split(self._text(raw), self.file)
        except BrokenLine:
            return None
        names = names_of(fields) if self.file.header else tuple(str(n + 1) for n in range(len(fields)))
        return lay_out(names, self.file)

    def _begin(self, known: Known, layout: Layout, before: Place, place: Place) -> None:
        """Take the lines from here on as this header says."""
        self._layouts[known] = layout
        self._refused.pop(known, None)
        item = Item(known, place if self.file.header else before)
        if layout.lacking:
            item.gap = (layout, before)
            item.faults = [
                Fault(
                    f"{known.path} line {place.line}: there is no column {', '.join(layout.lacking)}; the others are"
                    " read. Once the mapping names it, everything from here on is read again",
                    self.file.delimiter.join(layout.names)[:RAW],
                )
            ]
        self.items.append(item)

    def _read(self, known: Known, place: Place, raw: bytes, layout: Layout) -> Item:
        item = Item(known, place)
        shown = ""
        try:
            shown = self._text(raw)
            if not shown.strip() or (self.file.comment and shown.startswith(self.file.comment)):
                return item
            fields = split(shown, self.file)
            try:
                row = read(fields, layout, self.file, self._missing, self._unit_cells)
            except BrokenLine:
                # A program that is started again may write its header again, and another one.
                changed = lay_out(names_of(fields), self.file) if self.file.header else None
                if changed is None:
                    raise
                item.gap = (changed, place)
                return item
            try:
                instant = resolve(row.local, self._zone, self._pace.get(row.named_cell))
            except (ValueError, OverflowError) as error:
                raise BrokenLine(str(error)) from None
        except BrokenLine as error:
            reason = f"{known.path} line {place.line}: {error}"
            item.faults.append(Fault(reason, (shown or repr(raw)[2:-1])[:RAW]))
            return item
        pace = self._pace[row.named_cell] = follow(self._pace.get(row.named_cell), instant)
        item.pace = (row.named_cell, pace)
        item.faults = [Fault(f"{known.path} line {place.line}: {fault}", shown[:RAW]) for fault in row.faults]
        if row.cells:
            item.observed_at, item.cells = times.to_milliseconds(instant), row.cells
        return item

    def _text(self, raw: bytes) -> str:
        """Decode a line. Power cuts leave NUL bytes behind on some disks; they stand for nothing."""
        try:
            text = raw.strip(b"\r\n\0").decode(self.file.encoding)
        except UnicodeDecodeError:
            raise BrokenLine(f"not {self.file.encoding} text; is `encoding` right?") from None
        return text.removeprefix("\ufeff")

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
        wanted = (*self.file.time_columns, *((self.file.cell_column,) if self.file.cell_column else ()))
        begins = raw.decode(self.file.encoding, errors="backslashreplace").strip()[:80]
        self._refused[known] = (
            f"{known.path}: no header with column {', '.join(wanted)} in the first {PREAMBLE} lines;"
            f" it begins with {begins!r}. Nothing of it is read until that or the settings change"
        )
