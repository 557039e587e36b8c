"""Sentences for people, kept as template and values until somebody knows the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """English text with `{named}` places: the template is what translations are looked up by."""

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.template.format(**self.values)


def say(template: str, /, **values: object) -> Words:
    """Make a sentence; the translators' tool finds templates by this function's name."""
    return Words(template, values)
