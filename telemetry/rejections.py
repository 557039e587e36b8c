"""Values that a person has rejected: the readings stay as they came, whoever shows them puts quality 3 over these."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from schemas.tables import Cell, Parameter, Quality, QualityMark, Series

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Rejections:
    """From when to when the values of each series are rejected, the end not included."""

    spans: dict[int, list[Span]] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)

    def quality(self, series: int, at: datetime, stored: int) -> int:
        """Return the quality of a reading: the stored one, unless a person has rejected it."""
        spans = self.spans.get(series)
        if spans and any(start <= at < end for start, end in spans):
            return int(Quality.REJECTED)
        return stored

    def by_code(self) -> dict[str, list[Span]]:
        """Return the spans by the parameter's code."""
        return {self.codes[number]: spans for number, spans in self.spans.items()}


def rejections_of_cell(
    session: Session, cell: str, parameters: Collection[str], start: datetime, end: datetime
) -> Rejections:
    """Return what is rejected of a cell's parameters within [start, end), overlapping spans as one."""
    rows = session.execute(
        select(Series.id, Parameter.code, QualityMark.started_at, QualityMark.ended_at)
        .join(Cell, Cell.id == QualityMark.cell_id)
        .join(Parameter, Parameter.id == QualityMark.parameter_id)
        .join(Series, and_(Series.cell_id == Cell.id, Series.parameter_id == Parameter.id))
        .where(
            Cell.code == cell,
            Parameter.code.in_(parameters),
            QualityMark.withdrawn_at.is_(None),
            QualityMark.started_at < end,
            QualityMark.ended_at > start,
        )
        .order_by(QualityMark.started_at)
    ).all()
    found: dict[int, list[Span]] = {}
    for number, _, begin, until in rows:
        found.setdefault(number, []).append((max(begin, start), min(until, end)))
    return Rejections({number: _merged(spans) for number, spans in found.items()}, {row[0]: row[1] for row in rows})


def _merged(spans: Iterable[Span]) -> list[Span]:
    result: list[Span] = []
    for start, end in spans:
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result
