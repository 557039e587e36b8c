"""Readings as CSV, piece by piece: the file holds what the chart shows, and never all of it is in memory."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Literal

from sqlalchemy import Row

from facility.acting.acts import Actor, act_transaction
from facility.acting.permissions import Act
from schemas import times
from schemas.site import Site
from storage.database import Reads, Sessions
from telemetry import queries
from telemetry.rejections import Rejections, rejections_of_cell

# Rows of the table for each piece; a piece is some hundred kilobytes of text.
ROWS = 20_000
FIRST_WINDOW = timedelta(hours=6)
SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=1), timedelta(days=366)
_MILLISECOND = timedelta(milliseconds=1)

ExportRow = Row[datetime, int, float | None, int]


@dataclass(frozen=True, slots=True)
class Export:
    """An export request: [start, end) of a cell's parameters, and the file's format."""

    cell: str
    parameters: tuple[str, ...]
    start: datetime
    end: datetime
    format: Literal["wide", "long"] = "wide"
    separator: str = ","
    decimal: str = "."
    quality: bool = False

    @property
    def for_excel(self) -> bool:
        """A decimal comma means Excel in French: it wants a byte order mark and times without letters."""
        return self.decimal == ","

    @property
    def file_name(self) -> str:
        return f"{self.cell}_{self.start:%Y%m%dT%H%M%SZ}_{self.end:%Y%m%dT%H%M%SZ}.csv"


def record_export(sessions: Sessions, actor: Actor, export: Export) -> None:
    """Write down who takes what away, before anything is sent."""
    what = {
        "parameters": list(export.parameters),
        "from": times.to_text(export.start),
        "to": times.to_text(export.end),
        "format": export.format,
    }
    with act_transaction(sessions, actor, Act.EXPORT) as context:
        context.record("cell", export.cell, after=what)


def csv_pieces(sessions: Reads, site: Site, export: Export) -> Iterator[str]:
    """Yield the file. Each piece has a session of its own: pieces are made in whichever thread is free."""
    with sessions.reading() as session:
        ids = {row[0]: row[1] for row in session.execute(queries.series_of_cell(export.cell))}
        series = {ids[code]: code for code in export.parameters if code in ids}
        edges = [
            edge
            for part in queries.batches(series)
            for edge in session.execute(queries.first_and_last(part, export.start, export.end))
        ]
        rejected = rejections_of_cell(session, export.cell, export.parameters, export.start, export.end)
    write = _Writer(site, export, series, rejected)
    yield write.header()
    starts = [edge[1] for edge in edges if edge[1] is not None]
    ends = [edge[2] for edge in edges if edge[2] is not None]
    if not starts or not ends:
        return
    start, end, window = min(starts), max(ends) + _MILLISECOND, FIRST_WINDOW
    while start < end:
        until = min(end, start + window)
        with sessions.reading() as session:
            rows: Sequence[ExportRow] = session.execute(queries.rows_for_export(list(series), start, until, ROWS)).all()
        if len(rows) == ROWS:
            # The last instant may be cut: it begins the next piece.
            until, window = rows[-1][0], max(window / 2, SHORTEST_WINDOW)
            rows = [row for row in rows if row[0] < until]
        elif len(rows) < ROWS / 4:
            window = min(window * 2, LONGEST_WINDOW)
        start = until
        if rows:
            yield write.rows(rows)


class _Writer:
    """Lines of the file in its format. Every cell is a number, a time or a code: nothing a spreadsheet would run."""

    def __init__(self, site: Site, export: Export, series: dict[int, str], rejected: Rejections) -> None:
        self._site, self._export, self._series = site, export, series
        self._rejected = rejected
        self._order = {number: place for place, number in enumerate(series)}
        self._local: Callable[[datetime], str] = lambda instant: self._text(instant.astimezone(site.zone))

    def header(self) -> str:
        export = self._export
        names = ["observed_at (UTC)", f"observed_at ({self._site.timezone})"]
        if export.format == "long":
            names = ["cell", "parameter", *names, "value", "unit", *(["quality"] if export.quality else [])]
        else:
            for code in self._series.values():
                unit = self._unit(code)
                names.append(f"{code} [{unit}]" if unit else code)
                if export.quality:
                    names.append(f"{code} quality")
        return ("\ufeff" if export.for_excel else "") + self._text_of([names])

    def rows(self, rows: Sequence[ExportRow]) -> str:
        return self._text_of(self._long(rows) if self._export.format == "long" else self._wide(rows))

    def _text_of(self, lines: Iterable[Sequence[str]]) -> str:
        text = StringIO()
        csv.writer(text, delimiter=self._export.separator).writerows(lines)
        return text.getvalue()

    def _long(self, rows: Sequence[ExportRow]) -> Iterator[list[str]]:
        for observed_at, number, value, quality in rows:
            code = self._series[number]
            line = [self._export.cell, code, self._utc(observed_at), self._local(observed_at)]
            line += [self._number(value), self._unit(code)]
            yield [*line, self._quality(number, observed_at, quality)] if self._export.quality else line

    def _wide(self, rows: Sequence[ExportRow]) -> Iterator[list[str]]:
        per = 2 if self._export.quality else 1
        line: list[str] = []
        instant = None
        for observed_at, number, value, quality in rows:
            if observed_at != instant:
                if line:
                    yield line
                instant = observed_at
                line = [self._utc(instant), self._local(instant), *[""] * (per * len(self._order))]
            place = 2 + per * self._order[number]
            line[place] = self._number(value)
            if per == 2:
                line[place + 1] = self._quality(number, observed_at, quality)
        if line:
            yield line

    def _quality(self, series: int, at: datetime, stored: int) -> str:
        return str(self._rejected.quality(series, at, stored))

    def _unit(self, code: str) -> str:
        return self._site.parameter_by_code[code].unit

    def _number(self, value: float | None) -> str:
        if value is None:
            return ""
        text = repr(value).removesuffix(".0")
        return text.replace(".", self._export.decimal) if self._export.for_excel else text

    def _utc(self, instant: datetime) -> str:
        return self._text(instant) if self._export.for_excel else times.to_text(instant)

    def _text(self, instant: datetime) -> str:
        if not self._export.for_excel:
            return instant.isoformat(timespec="milliseconds")
        return f"{instant:%Y-%m-%d %H:%M:%S},{instant.microsecond // 1000:03d}"
