"""The members of a reading that the model refused, one by one, each loss with its reason in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.messages import Code, Digest, Instant, PublisherId, Sequence, Suspect, Value

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_PUBLISHER: TypeAdapter[str] = TypeAdapter(PublisherId)
_SEQUENCE: TypeAdapter[int] = TypeAdapter(Sequence)
_DIGEST: TypeAdapter[str | None] = TypeAdapter(Digest | None)
_SUSPECT: TypeAdapter[frozenset[str]] = TypeAdapter(Suspect)
_CODE: TypeAdapter[str] = TypeAdapter(Code)
_VALUE: TypeAdapter[float | None] = TypeAdapter(Value | None)

MAX_VALUES = 1000
_REASON = 1024
_MAX_QUOTED = 60


def join(losses: list[str]) -> str:
    """Return the reasons as one text that fits its column."""
    text = "; ".join(losses)
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"


def brief(error: Exception) -> str:
    """Return the error's text, at most 200 characters."""
    text = str(error) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"


def numbering(content: Mapping[str, Any], losses: list[str]) -> tuple[str | None, int | None]:
    """Return publisher and sequence, or neither where one of them is missing or no good."""
    publisher, sequence = content.get("publisher"), content.get("sequence")
    if publisher is None and sequence is None:
        return None, None
    if publisher is None or sequence is None:
        losses.append("publisher and sequence belong together: the reading is taken as one without a number")
        return None, None
    try:
        return _PUBLISHER.validate_python(publisher), _SEQUENCE.validate_python(sequence)
    except ValidationError:
        losses.append(
            f"publisher {quoted(publisher)}, sequence {quoted(sequence)}: not a number of an outbox;"
            " the reading is taken as one without a number"
        )
        return None, None


def digest(content: Mapping[str, Any]) -> str | None:
    """Return what the sender calls the content; None where it does not, or not as it may."""
    try:
        return _DIGEST.validate_python(content.get("digest"))
    except ValidationError:
        return None


def instant(value: Any, losses: list[str]) -> datetime | None:
    """Return the instant; None where it is missing or not valid, with the reason added to `losses`."""
    if value is None:
        losses.append("observed_at is missing: when was this measured?")
        return None
    try:
        return _INSTANT.validate_python(value)
    except (ValidationError, OverflowError):
        losses.append(
            f"observed_at {quoted(value)}: a time is RFC 3339 text with an offset, as in 2026-11-23T14:28:23.376Z"
        )
        return None


def values(content: Any, losses: list[str]) -> dict[str, float | None]:
    """Return the values that are numbers or null under possible names."""
    if not isinstance(content, dict) or not content:
        losses.append('values are missing: a reading holds them as {"air_temperature": 18.02}')
        return {}
    if len(content) > MAX_VALUES:
        losses.append(f"{len(content)} values: at most {MAX_VALUES} belong to a reading")
        return {}
    good: dict[str, float | None] = {}
    for code, value in content.items():
        try:
            good[_CODE.validate_python(code)] = _VALUE.validate_python(value)
        except ValidationError:
            losses.append(f"{quoted(code)}: {quoted(value)} is not a number")
    return good


def suspect(content: Any, losses: list[str]) -> frozenset[str]:
    """Return the parameters whose values their source doubts."""
    if content is None:
        return frozenset()
    try:
        return _SUSPECT.validate_python(content)
    except ValidationError:
        losses.append(f"suspect {quoted(content)}: a list of parameters")
        return frozenset()


def quoted(value: Any) -> str:
    """Return a value as a person reads it, cut where it is long."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # an integer with more digits than Python prints
        text = "a number with thousands of digits"
    text = text.encode("utf-8", "backslashreplace").decode()
    return (
        repr(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…")
        if isinstance(value, str)
        else text[:_MAX_QUOTED]
    )
