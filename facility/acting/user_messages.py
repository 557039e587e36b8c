"""Messages for people as template and values, translated where the reader's language is known."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserMessage:
    """English text with `{named}` placeholders; the template is the key of its translations."""

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.template.format(**self.values)


def message(template: str, /, **values: object) -> UserMessage:
    """Make a sentence; the translators' tool finds templates by this function's name."""
    return UserMessage(template, values)
