"""Charts: a PNG of the right size with all its letters, quickly, gaps as gaps."""

import struct
import time
import zlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cells.charts import HEIGHT, WIDTH, chart
from bot.cells.plan_picture import plan
from bot.cells.verdicts import DisplayedValue
from bot.drawing import document, font_files, text, to_png
from bot.station_reader import ChartData, ChartPoint
from bot.texts import Texts, read_catalogue
from schemas.site import Site, read_site
from telemetry.judging import ValueState, ValueVerdict

UNTIL = datetime(2026, 10, 25, 12, tzinfo=UTC)  # the night before has 25 hours in Paris
STEP = timedelta(minutes=7.5)
FRENCH = Texts(read_catalogue(), "fr")


def day(values: list[float | None], hours: int = 24) -> ChartData:
    since = UNTIL - timedelta(hours=hours)
    width = timedelta(hours=hours) / max(1, len(values))
    return ChartData(since, UNTIL, max(STEP, width * 1.5), tuple(
        ChartPoint(since + width * n, value, value, value) for n, value in enumerate(values) if value is not None
    ))  # fmt: skip


def draw(history: ChartData, site: Site, setpoint: ChartData | None = None) -> str:
    return chart(history, setpoint, FRENCH, site.parameter_by_code["co2"], title="E1C3 · CO₂ µmol", zone=site.zone)


def pixels(png: bytes) -> bytes:
    """Return the decompressed lines of a PNG."""
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    return zlib.decompress(data)


def test_a_day_is_drawn_in_less_than_100_ms(site: Site) -> None:
    history = day([18 + (n % 100) / 50 for n in range(1440)])
    fonts = font_files()
    seconds = []
    for _ in range(5):
        started = time.thread_time()
        png = to_png(draw(history, site, history), fonts)
        seconds.append(time.thread_time() - started)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (WIDTH, HEIGHT)
    assert len(set(pixels(png))) > 20
    assert min(seconds) < 0.1


@pytest.mark.parametrize("letter", "éµ₂°²Œ")
def test_the_font_has_the_letter(letter: str) -> None:
    """A letter that is missing is drawn as the same empty box as a letter that no font has."""
    fonts = font_files()
    drawn = [to_png(document(60, 60, [text(10, 40, words, size=30)]), fonts) for words in (letter, "\U0001f9ff", " ")]
    assert len({pixels(png) for png in drawn}) == 3


def test_a_gap_is_a_gap_and_nothing_says_so(site: Site) -> None:
    whole = draw(day([20.0 + n % 3 for n in range(100)]), site)
    holed = draw(day([None if 40 <= n < 60 else 20.0 + n % 3 for n in range(100)]), site)
    assert whole.count("<polyline") == 1
    assert holed.count("<polyline") == 2
    assert "Aucune mesure" in draw(day([]), site)
    lone = draw(day([None] * 50 + [20.0] + [None] * 49), site)
    assert "<circle" in lone


def test_a_week_is_lines_too_and_keeps_its_peaks(site: Site) -> None:
    """More points than pixels: they are thinned within what hangs together, and no column hides a peak."""
    values: list[float | None] = [None if 900 <= n < 1000 else 20.0 + n % 2 for n in range(7 * 288)]
    values[500] = 90.0
    history = day(values, hours=7 * 24)
    svg = draw(history, site, history)
    assert svg.count("<polyline") == 4
    assert "<circle" not in svg
    highest = min(float(pair.split(",")[1]) for pair in svg.split('<polygon points="')[1].split('"')[0].split())
    assert highest < 140
    drawn = sum(line.count(",") for line in svg.split('<polyline points="')[1:3])
    assert drawn <= 2 * WIDTH


def test_the_night_of_the_clock_change_has_its_labels(site: Site) -> None:
    assert {"00:00" in draw(day([1.0, 2.0]), site), "25/10" in draw(day([1.0, 2.0]), site)} >= {True}
    assert "Europe/Paris" in draw(day([1.0, 2.0]), site)


def test_a_door_is_open_or_closed(site: Site) -> None:
    svg = chart(day([0.0, 1.0, 0.0]), None, FRENCH, site.parameter_by_code["door"], title="E1C3", zone=site.zone)
    assert svg.count(">fermée<") == svg.count(">ouverte<") == 1
    assert ">0,5<" not in svg


CO2 = read_site().parameter_by_code["co2"]


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=60), st.sampled_from([1, 24, 168, 2160]))
def test_any_values_can_be_drawn(values: list[float | None], hours: int) -> None:
    svg = chart(day(values, hours), None, FRENCH, CO2, title="<&>", zone=ZoneInfo("Europe/Paris"))
    assert svg.endswith("</svg>")
    assert "nan" not in svg
    assert "&lt;&amp;&gt;" in svg


def test_the_plan_shows_every_cell_and_its_state(site: Site) -> None:
    parameter = site.parameter_by_code["air_temperature"]
    states: tuple[ValueState, ...] = ("ok", "high", "stale")
    shown = [DisplayedValue(ValueVerdict(state, 20.0, UNTIL)) for state in states]
    rows = [(unit, [(cell, shown[n]) for n, cell in enumerate(unit.cells)]) for unit in site.units]
    svg = plan(rows, parameter, FRENCH, "maintenant")
    assert all(cell in svg for cell in site.unit_of_cell)
    assert svg.count("trop haut") == svg.count("périmé") == 6
    assert to_png(svg, font_files()).startswith(b"\x89PNG")
