"""Exceptions for refused acts, each with a message for the person; the web maps each to a status."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from facility.acting.user_messages import UserMessage, message


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """An act that was not done; nothing of it remains in the database."""

    def __init__(self, message: UserMessage) -> None:
        self.message = message
        super().__init__(str(message))


class NotLoggedIn(Refusal):
    """Nobody is known to be asking, or a login failed."""


class Forbidden(Refusal):
    """The person is known and may not do this."""


class NotFound(Refusal):
    """What the act is about does not exist, or not for this person."""


class TooManyAttempts(Refusal):
    """Guessing is slowed down; `wait` is the seconds after which a try counts again."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(message("Too many attempts: please wait {seconds} s and try again.", seconds=wait))


class Conflict(Refusal):
    """Somebody else was first; `current` is how things stand now."""

    def __init__(self, message: UserMessage, current: BaseModel | None = None) -> None:
        self.current = current
        super().__init__(message)


class Invalid(Refusal):
    """What was typed cannot be; `faults` has the words for each field."""

    def __init__(self, faults: Mapping[str, UserMessage]) -> None:
        self.faults = dict(faults)
        super().__init__(message("Please correct what is marked."))


def invalid(error: ValidationError) -> Invalid:
    """Turn a model's complaints into words for each field."""
    return Invalid({".".join(map(str, fault["loc"])) or "form": _message_of(dict(fault)) for fault in error.errors()})


def _message_of(fault: dict[str, object]) -> UserMessage:
    context = fault.get("ctx")
    limits = context if isinstance(context, dict) else {}
    match fault["type"]:
        case "string_pattern_mismatch" if fault.get("input"):
            text = message("Letters, digits, dots, dashes and underscores only, starting with a letter or digit.")
        case "missing" | "string_too_short" | "too_short" | "string_pattern_mismatch":
            text = message("Required.")
        case "string_too_long" | "too_long":
            text = message("Too long: {limit} characters at most.", limit=limits.get("max_length", "?"))
        case "date_parsing" | "date_from_datetime_parsing" | "date_type":
            text = message("Not a date: write it as 2026-11-24.")
        case "float_parsing" | "float_type" | "int_parsing" | "int_type" | "finite_number":
            text = message("Not a number.")
        case "literal_error" | "enum":
            text = message("Choose one of these: {choices}.", choices=limits.get("expected", "?"))
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            text = message("Out of range: the limit is {limit}.", limit=next(iter(limits.values()), "?"))
        case _:
            cause = limits.get("error")
            own = cause.args[0] if isinstance(cause, ValueError) and cause.args else None
            text = own if isinstance(own, UserMessage) else message("Not valid.")
    return text
