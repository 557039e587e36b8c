"""From files to rows in order: headers, faults and instants, with the place after each line."""

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from publisher.sources.csv import content
from publisher.sources.csv.blocks import CHUNK
from publisher.sources.csv.following import SETTLED, Follower
from publisher.sources.csv.interpreting import PREAMBLE, Interpreter, ParsedLine
from publisher.sources.csv.known import KnownFile, Place
from publisher.sources.csv.lines import RAW, Layout, lay_out
from publisher.sources.csv.settings import File
from publisher.sources.instants import Pace
from publisher.sources.source import ReadFault
from schemas import times

log = logging.getLogger(__name__)


class Reader:
    """One `[[source.files]]`: reads ahead into `items`; `keep` makes an item's place the remembered one."""

    def __init__(
        self, file: File, zone: ZoneInfo, cells: Iterable[str], saved: dict[str, Any], elsewhere: Iterable[str] = ()
    ) -> None:
        self.file = file
        self.items: deque[ParsedLine] = deque()
        self._interpreter = Interpreter(file, zone, cells, elsewhere)
        self._unit_cells = frozenset(cells)
        self._layouts: dict[KnownFile, Layout] = {}
        self._refused: dict[KnownFile, str] = {}
        self._reported: set[str] = set()
        # The first header that lacked mapped columns: the place before it, its names, what it lacked.
        self._gap: dict[str, Any] | None = saved.get("gap")
        if self._gap is not None and self._mended(self._gap):
            log.info("%s is read again from where columns were not found, for the mapping has changed", file.path)
            saved, self._gap = self._gap, None
        self._follower = Follower(file, saved.get("files", []))
        self._kept_pace = {
            cell: Pace(times.from_text(last), step) for cell, (last, step) in saved.get("pace", {}).items()
        }
        self._interpreter.pace = dict(self._kept_pace)

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

    def keep(self, item: ParsedLine) -> None:
        """Note that the parsed lines are in the outbox: reading goes on after them."""
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

    def fill(self) -> list[ReadFault]:
        """Read the next lines, if there are any; return what is wrong with the files, once per change."""
        lost: list[str] = []
        wrong: list[str] = []
        try:
            lost = self._follower.scan()
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
        news = [ReadFault(reason) for reason in (*lost, *(reason for reason in wrong if reason not in self._reported))]
        self._reported = set(wrong)
        return news

    def _place(self) -> dict[str, Any]:
        pace = {cell: [times.to_text(pace.last), pace.step] for cell, pace in self._kept_pace.items()}
        return {"files": self._follower.saved(), "pace": pace}

    def _mended(self, gap: dict[str, Any]) -> bool:
        layout = lay_out(tuple(gap["names"]), self.file)
        return layout is not None and set(layout.lacking) != set(gap["lacking"])

    def _take(self, known: KnownFile) -> None:
        if known.moved and not self._settle(known):
            return
        before = known.read
        layout = self._layouts.get(known) or self._header_again(known)
        if known in self._refused and known.read.header >= 0:
            return
        lines = content.next_lines(known, self._follower.finished)
        # Old lines do not wait for partners in other files: those were written long ago, or never will be.
        since = 0.0 if abs(known.read.offset - before.offset) > CHUNK // 2 else monotonic()
        place = before
        if layout is None:
            opened = self._open(known, before, lines)
            if opened is None:
                return
            layout, place, lines = opened
        skip = self._skip(place)
        for after, raw in lines:
            start, place = (
                place,
                after if after.body == place.body else replace(after, header=place.header, body=place.body),
            )
            if skip > 0:
                skip -= 1
                self.items.append(ParsedLine(known, place, raw))
                continue
            for item in self._interpreter.read(known, start, place, raw, layout):
                item.since = since
                if item.gap is None:
                    self.items.append(item)
                    layout = self._layouts[known] = item.wider or layout
                else:
                    layout = item.gap[0]
                    place = self._begin(known, layout, start, place)
                    skip = self._skip(place)
        known.read = place

    def _open(
        self, known: KnownFile, before: Place, lines: list[tuple[Place, bytes]]
    ) -> tuple[Layout, Place, list[tuple[Place, bytes]]] | None:
        """Find the header, or the first row of a file without; return the layout, the place and the lines from there.

        None where there is none yet, and where the file has to be read from its other end.
        """
        start = before
        for number, (place, raw) in enumerate(lines):
            layout = self._interpreter.layout_in(place, raw)
            if layout is None:
                start = place
                continue
            below = lines[number + self.file.header :]
            if before.offset == 0 and self._interpreter.begins_with_newest(below, layout):
                self._turn_around(known, layout, start, place, below)
                return None
            return layout, self._begin(known, layout, start, place), below
        known.read = before
        if lines:
            self._refuse(known, lines[0][1])
        return None

    def _turn_around(
        self, known: KnownFile, layout: Layout, start: Place, place: Place, below: list[tuple[Place, bytes]]
    ) -> None:
        """Read a file that begins with its newest line from its end on: times go up, as everywhere."""
        body = place.offset if self.file.header else start.offset
        if self.file.header and self.file.skip_after_header:
            body = below[self.file.skip_after_header - 1][0].offset
        if not content.turn_around(known, start.offset, body, self._follower.finished):
            known.read = known.kept
            return
        log.info("%s has its newest line first: it is read from its end", known.path)
        self._note(known, layout, Place(), known.read)

    def _settle(self, known: KnownFile) -> bool:
        """Find the header of a file that was written anew; return whether its lines can be read on."""
        lines = content.first_lines(known)
        start, above = 0, 0
        for place, raw in lines:
            above += self.file.header and bool(raw.strip())
            layout = self._interpreter.layout_in(place, raw)
            if layout is None:
                above += not self.file.header and bool(raw.strip())
                start = place.offset
                continue
            body = place.offset if self.file.header else start
            if known.newest_first and self.file.skip_after_header:
                body = next((p.offset for p, _ in lines if p.line == place.line + self.file.skip_after_header), body)
            if layout.lacking or not content.settle(known, start, body, above):
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

    def _begin(self, known: KnownFile, layout: Layout, start: Place, place: Place) -> Place:
        """Take the lines from here on as this header or first row says; return the place with it."""
        place = replace(place, header=start.offset, body=place.offset if self.file.header else start.offset)
        if not self.file.header:
            place = replace(place, offset=start.offset, line=start.line)
        self._note(known, layout, start, place)
        return place

    def _note(self, known: KnownFile, layout: Layout, before: Place, place: Place) -> None:
        self._layouts[known] = layout
        self._refused.pop(known, None)
        item = ParsedLine(known, place)
        if layout.lacking:
            item.gap = (layout, before)
            item.faults = [
                ReadFault(
                    f"{known.path} line {before.line + 1}: there is no column {', '.join(layout.lacking)}; the others"
                    " are read. Once the mapping names it, everything from here on is read again",
                    self.file.delimiter.join(layout.names)[:RAW],
                )
            ]
        self.items.append(item)

    def _no_line_in(self, known: KnownFile) -> str | None:
        """Say what is wrong with a file that has bytes and never yields a line."""
        if not known.present or known.size <= 0 or known.read.offset > 0 or known in self._refused:
            return None
        empty = known.written == 0  # as far as it was looked at
        if (known.size < CHUNK or empty) and monotonic() - known.still_since < SETTLED:
            return None
        what = "nothing but zeros" if empty else "no line that has an end"
        return f"{known.path}: {known.size} bytes and {what}; waiting for one"

    def _skip(self, place: Place) -> int:
        begins = self.file.header and place.header >= 0 and place.offset == place.body
        return self.file.skip_after_header if begins else 0

    def _header_again(self, known: KnownFile) -> Layout | None:
        """After a restart: the layout that was in force, from the header that is still in the file."""
        if known.read.header < 0:
            return None
        raw = content.header_of(known)
        layout = self._interpreter.layout_in(replace(known.read, line=self.file.skip_lines + 1), raw)
        if layout is None:
            self._refuse(known, raw)
        else:
            self._layouts[known] = layout
            self._refused.pop(known, None)
        return layout

    def _refuse(self, known: KnownFile, raw: bytes) -> None:
        """Leave a file that makes no sense where it is: nothing of it is lost once the settings are mended."""
        known.refused_size = known.size
        wanted = ", ".join(self.file.needed_columns)
        begins = raw.decode(self.file.encoding, errors="backslashreplace").strip()[:80]
        self._refused[known] = (
            f"{known.path}: no header with column {wanted} in the first {PREAMBLE} lines;"
            f" it begins with {begins!r}. Nothing of it is read until that or the settings change"
        )
