"""Nothing that people or the station write is a link, a mention or a time stamp in Discord."""

import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.escaping import escape
from bot.experiments.commands import find
from bot.station_reader import ExperimentRow

_LIVE = re.compile(r"(?<!\\)(?:\\\\)*([*_~`|\[<>@]|://)")


def test_what_discord_would_read_stands_as_it_is() -> None:
    text = "[a](http://x.example) and [b](https://y.example) <t:0:R> <@1> <@&2> <#3> <:x:4> **b** @everyone"
    assert _LIVE.search(escape(text)) is None
    assert escape(text).replace("\\", "") == text
    assert escape("# big\n- one\n2. two\nEXP-1 · 20 °C (x)") == "\\# big\n\\- one\n\\2. two\nEXP-1 · 20 °C (x)"


@given(text=st.text(alphabet="ab\\*[]()<>@#-: /1.\n", max_size=80), limit=st.integers(1, 60))
def test_what_is_cut_is_escaped_too(text: str, limit: int) -> None:
    cut = escape(text, limit)
    assert len(cut) <= limit
    assert _LIVE.search(cut) is None
    ending = cut.removesuffix("…")
    assert (len(ending) - len(ending.rstrip("\\"))) % 2 == 0


def view(number: int, code: str, title: str) -> ExperimentRow:
    return ExperimentRow(code, title, "running", date(2026, 1, 1), None, (), number)


def test_codes_that_differ_by_case_are_told_apart() -> None:
    known = [view(1, "EXP-1", "Prairie"), view(2, "exp-1", "Forest"), view(3, "x", "Exp-1"), view(4, "y", "prairie")]
    assert [one.id for one in find(known, "EXP-1")] == [1]
    assert [one.id for one in find(known, "exp-1")] == [2]
    # Neither of them exactly: which one is asked, not guessed.
    assert [one.id for one in find(known, "Exp-1")] == [1, 2]
    assert [one.id for one in find(known, "Prairie")] == [1]
    assert [one.id for one in find(known, "PRAIRIE")] == [1, 4]
    assert [one.id for one in find(known, "FOREST")] == [2]
    assert find(known, "zzz") == []
