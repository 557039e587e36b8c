"""Two texts beside each other: marked where they differ, whole again when put together."""

import pytest

from web.experiments.word_differences import MOST_WORDS, word_differences

CASES = [
    ("Sécheresse et respiration", "Sécheresse estivale et respiration"),
    ("one\n\ntwo  three", "one\n\ntwo four"),
    ("", "new"),
    ("–", "–"),
    ("nothing alike here", "всё совсем другое"),
    ("word " * (MOST_WORDS + 1), "word " * MOST_WORDS),
]


@pytest.mark.parametrize(("mine", "saved"), CASES)
def test_pieces_make_the_whole_text(mine: str, saved: str) -> None:
    left, right = word_differences(mine, saved)
    assert "".join(piece for piece, _ in left) == mine
    assert "".join(piece for piece, _ in right) == saved


def test_only_what_differs_is_marked() -> None:
    left, right = word_differences(*CASES[0])
    assert [piece for piece, alone in left if alone] == []
    assert [piece.strip() for piece, alone in right if alone] == ["estivale"]


def test_texts_with_nothing_in_common_are_not_marked_all_over() -> None:
    left, right = word_differences(*CASES[4])
    assert not any(alone for _, alone in left + right)
