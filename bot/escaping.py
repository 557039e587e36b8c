"""Text of people and of the station as Discord shows it letter by letter, whatever Discord could read into it."""

import re

# Emphasis, code, spoilers, links, mentions, time stamps, custom emoji; lists, headings and addresses only where they
# are such. Discord takes a backslash before any of them as "as it stands".
_SPECIAL = re.compile(r"[\\*_~`|\[\]<>@]|(?<=:)//|^(?=[#-])|^(?=\d+[.)] )", re.MULTILINE)
_DISARMED = re.compile(r"\\.|[^\\]", re.DOTALL)


def escape(text: str, limit: int = 1000) -> str:
    """Return text that shows as it stands, at most so many letters long; no half of an escape at its end."""
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
    if len(escaped) <= limit:
        return escaped
    kept, length = [], 0
    for one in _DISARMED.findall(escaped):
        if length + len(one) > limit - 1:
            break
        kept.append(one)
        length += len(one)
    return "".join(kept) + "…"
