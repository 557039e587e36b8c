"""All cells now in one picture: a box a cell, its main value, its state as sign, word and colour."""

from collections.abc import Sequence

from bot.cells.verdicts import DisplayedValue, word, written
from bot.drawing import GRID, INK, MUTED, SMALL, TEXT, TITLE, document, text
from bot.texts import Texts
from schemas.site import Parameter, Unit

BOX, HIGH, GAP, EDGE, HEAD, LABEL = 208, 104, 12, 20, 66, 128
_FILL = {"normal": "#f4f6f8", "abnormal": "#fff1dc", "silent": "#eceff2"}
_SIGN = {"abnormal": "#b35600", "silent": "#5b6675"}

Row = tuple[Unit, Sequence[tuple[str, DisplayedValue]]]


def plan(rows: Sequence[Row], parameter: Parameter, texts: Texts, when: str) -> str:
    """Return the picture as SVG, a row a unit."""
    columns = max(len(cells) for _, cells in rows)
    width = EDGE * 2 + LABEL + columns * (BOX + GAP) - GAP
    height = HEAD + len(rows) * (HIGH + GAP) - GAP + EDGE
    title = parameter.label.in_(texts.language)
    parts = [text(EDGE, 40, title, size=TITLE, bold=True), text(width - EDGE, 40, when, anchor="end", fill=MUTED)]
    for number, (unit, cells) in enumerate(rows):
        top = HEAD + number * (HIGH + GAP)
        name = unit.label.in_(texts.language)
        size = max(12, min(TEXT, TEXT * 10 // len(name)))
        parts.append(text(EDGE, top + HIGH / 2 + 7, name[:17], size=size, bold=True))
        for column, (cell, displayed) in enumerate(cells):
            parts.extend(_box(EDGE + LABEL + column * (BOX + GAP), top, cell, displayed, parameter, texts))
    return document(width, height, parts)


def _box(left: int, top: int, cell: str, displayed: DisplayedValue, parameter: Parameter, texts: Texts) -> list[str]:  # noqa: PLR0917 - a place and what stands there
    how, verdict = displayed.kind, displayed.verdict
    stroke = _SIGN.get(how, GRID)
    dashes = ' stroke-dasharray="5 4"' if how == "silent" else ""
    thick = 2 if how == "abnormal" else 1
    parts = [
        (
            f'<rect x="{left}" y="{top}" width="{BOX}" height="{HIGH}" rx="6" fill="{_FILL[how]}" stroke="{stroke}"'
            f' stroke-width="{thick}"{dashes}/>'
        ),
        text(left + 14, top + 30, cell, fill=MUTED),
    ]
    value = "—" if verdict is None or verdict.observed_at is None else written(verdict.value, parameter, texts)
    parts.append(text(left + 14, top + 64, value, size=30, bold=True, fill=MUTED if how == "silent" else INK))
    if how != "normal":
        parts.append(_sign(left + BOX - 28, top + 24, how))
        parts.append(text(left + 14, top + 90, word(displayed, texts), size=SMALL, fill=_SIGN[how]))
    return parts


def _sign(x: int, y: int, how: str) -> str:
    """Return a triangle with its mark, or an empty circle with a stroke: told apart without colours."""
    colour = _SIGN[how]
    if how == "abnormal":
        return (
            f'<path d="M{x} {y - 14}l15 27h-30z" fill="{colour}" stroke="{colour}" stroke-linejoin="round"/>'
            f'<path d="M{x} {y - 5}v9m0 3v3" stroke="#fff" stroke-width="3"/>'
        )
    return (
        f'<circle cx="{x}" cy="{y}" r="12" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        f'<path d="M{x - 8} {y + 8}l16-16" stroke="{colour}" stroke-width="2.5"/>'
    )
