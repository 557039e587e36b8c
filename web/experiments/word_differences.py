"""Differences of two texts, word by word."""

import re
from difflib import SequenceMatcher

# Comparing takes the product of both lengths: beyond this nobody should wait for it.
MOST_WORDS = 3000

Pieces = list[tuple[str, bool]]


def word_differences(mine: str, saved: str) -> tuple[Pieces, Pieces]:
    """Return both texts in pieces, each with whether it is in this text alone."""
    ours, theirs = _words(mine), _words(saved)
    if len(ours) + len(theirs) > MOST_WORDS:
        return [(mine, False)], [(saved, False)]
    left: Pieces = []
    right: Pieces = []
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    # Two texts with little in common are read as they are: marks everywhere show nothing.
    if matcher.ratio() < 0.4:
        return [(mine, False)], [(saved, False)]
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        for pieces, text in ((left, ours[start:end]), (right, theirs[other_start:other_end])):
            if text:
                pieces.append(("".join(text), kind != "equal"))
    return left, right


def _words(text: str) -> list[str]:
    """Take a text apart into words, each with the space after it: spaces alone would make any two texts alike."""
    return re.findall(r"\S+\s*|\s+", text)
