"""All cells now in one picture: a box a cell, its main value, its state as sign, word and colour."""

import re
from collections.abc import Sequence

from bot.drawing import GRID, INK, MUTED, document, text
from bot.standing import Standing, written
from bot.texts import Texts
from schemas.site import Parameter, Unit

BOX, HIGH, GAP, EDGE, HEAD, LABEL = 196, 84, 12, 20, 56, 150
_FILL = {"normal": "#f4f6f8", "abnormal": "#fff1dc", "silent": "#eceff2"}
_SIGN = {"abnormal": "#b35600", "silent": "#5b6675"}

Row = tuple[Unit, Sequence[tuple[str, Standing]]]


def plan(rows: Sequence[Row], parameter: Parameter, texts: Texts, when: str) -> str:
    """Return the picture as SVG, a row a unit."""
    columns = max(len(cells) for _, cells in rows)
    width = EDGE * 2 + LABEL + columns * (BOX + GAP)
    height = HEAD + len(rows) * (HIGH + GAP) + EDGE
    title = f"{texts('plan_title')} · {parameter.label.in_(texts.language)}"
    parts = [text(EDGE, 34, title, size=19, bold=True), text(width - EDGE, 34, when, anchor="end", fill=MUTED)]
    for number, (unit, cells) in enumerate(rows):
        top = HEAD + number * (HIGH + GAP)
        parts.append(text(EDGE, top + HIGH / 2 + 5, unit.label.in_(texts.language)[:18], size=17, bold=True))
        for column, (cell, standing) in enumerate(cells):
            parts.extend(_box(EDGE + LABEL + column * (BOX + GAP), top, cell, standing, parameter, texts))
    return document(width, height, parts)


def kind(standing: Standing) -> str:
    """Return `normal`, `abnormal` or `silent`."""
    return "abnormal" if standing.abnormal else "silent" if standing.silent else "normal"


def word(standing: Standing, texts: Texts) -> str:
    """Return the state's word alone, without icon and explanation."""
    full: str = texts.catalogue[f"state_{standing.state}"][texts.language]
    return re.split(r"\s*[:(]", full.partition(" ")[2])[0]


def _box(left: int, top: int, cell: str, standing: Standing, parameter: Parameter, texts: Texts) -> list[str]:  # noqa: PLR0917 - a place and what stands there
    how = kind(standing)
    stroke = _SIGN.get(how, GRID)
    dashes = ' stroke-dasharray="5 4"' if how == "silent" else ""
    thick = 2 if how == "abnormal" else 1
    parts = [
        (
            f'<rect x="{left}" y="{top}" width="{BOX}" height="{HIGH}" rx="6" fill="{_FILL[how]}" stroke="{stroke}"'
            f' stroke-width="{thick}"{dashes}/>'
        ),
        text(left + 12, top + 24, cell, size=15, fill=MUTED),
    ]
    value = written(standing.value, parameter, texts) if standing.observed_at is not None else "—"
    parts.append(text(left + 12, top + 52, value, size=22, bold=True, fill=MUTED if how == "silent" else INK))
    if how != "normal":
        parts.append(_sign(left + BOX - 24, top + 20, how))
        parts.append(text(left + 12, top + 74, word(standing, texts)[:32], size=13, fill=_SIGN[how]))
    return parts


def _sign(x: int, y: int, how: str) -> str:
    """Return a triangle with its mark, or an empty circle with a stroke: told apart without colours."""
    colour = _SIGN[how]
    if how == "abnormal":
        return (
            f'<path d="M{x} {y - 11}l12 21h-24z" fill="{colour}"/>'
            f'<path d="M{x} {y - 4}v7m0 3v2" stroke="#fff" stroke-width="2.4"/>'
        )
    return (
        f'<circle cx="{x}" cy="{y}" r="9" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<path d="M{x - 6} {y + 6}l12-12" stroke="{colour}" stroke-width="2"/>'
    )
