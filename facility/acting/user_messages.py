"""Sentences for people, kept as template and values until somebody knows the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserMessage:
    """English text with `{named}` places: the template is what translations are looked up by."""

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.template.format(**self.values)


def message(template: str, /, **values: object) -> UserMessage:
    """Make a sentence; the translators' tool finds templates by this function's name."""
    return UserMessage(template, values)
