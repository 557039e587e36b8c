"""SVG to PNG, with a font that is installed with the bot: a server without fonts draws the same letters."""

from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path

import resvg_py

TITLE, TEXT, SMALL = 26, 21, 18
FAMILY = "Source Sans Pro"
INK, MUTED, GRID, PAPER = "#1d2430", "#5b6675", "#dfe4ea", "#ffffff"
_WEIGHTS = ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf")


class FontMissingError(Exception):
    """The package with the font is not installed; the message has the remedy."""


def font_files() -> list[str]:
    """Return the font's files; raise FontMissingError."""
    package = find_spec("font_source_sans_pro")
    folders = [] if package is None else list(package.submodule_search_locations or [])
    files = [Path(folder, "files", name) for folder in folders for name in _WEIGHTS]
    if not files or not all(file.is_file() for file in files):
        raise FontMissingError("the charts' font is missing: pip install font-source-sans-pro")
    return [str(file) for file in files]


def to_png(svg: str, fonts: Sequence[str]) -> bytes:
    """Draw; takes some 40 ms and leaves other threads running."""
    return resvg_py.svg_to_bytes(
        svg_string=svg, skip_system_fonts=True, font_files=list(fonts), font_family=FAMILY, sans_serif_family=FAMILY
    )


def document(width: int, height: int, parts: Sequence[str]) -> str:
    """Return a whole picture on its own paper, so that Discord's dark theme does not shine through."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="{FAMILY}">'
        f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def text(x: float, y: float, label: str, *, size: int = TEXT, fill: str = INK, anchor: str = "start", bold: bool = False
         ) -> str:  # fmt: skip
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>'
        f"{escape(label)}</text>"
    )
