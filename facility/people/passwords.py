"""Passwords: argon2id in few threads at once, rules that fit what people do, nothing ever compared in clear."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from facility.acting.fields import clean_password, fold
from facility.acting.refusals import Invalid
from facility.acting.user_messages import UserMessage, message

SHORTEST = 12
LONGEST = 256
# zxcvbn's scale: 3 is more than a hundred million guesses.
_LEAST_SCORE = 3
_LOOKED_AT = 64
_STATION = ("octopus", "ecotron", "ecolab", "ecocube")


class Passwords:
    """Hashes and verifies. A hash takes 64 MiB and tens of milliseconds: only so many are made side by side."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = BoundedSemaphore(at_once)
        # Verified in place of the hash of an account that does not exist, so that both take as long.
        self._nobody = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        with self._room:
            return self._hasher.hash(clean_password(password))

    def verify(self, hashed: str | None, password: str) -> bool:
        """Tell whether the password fits; takes as long where there is no hash."""
        # As it was typed, too: an older Octopus hashed some that way.
        return self._fits(hashed, clean_password(password)) or (
            clean_password(password) != password and self._fits(hashed, password)
        )

    def outdated(self, hashed: str, password: str) -> bool:
        """Tell whether this password should be hashed again: with today's settings, in today's form."""
        return self._hasher.check_needs_rehash(hashed) or clean_password(password) != password

    def _fits(self, hashed: str | None, text: str) -> bool:
        with self._room:
            try:
                fits = self._hasher.verify(hashed or self._nobody, text[: LONGEST + 1])
            except (VerificationError, InvalidHashError):
                return False
        return fits and hashed is not None


def check_password(password: str, *about: str, field: str = "password") -> None:
    """Raise Invalid for a password that is short, endless, common, easily guessed, or the person's own name."""
    if (fault := _fault(clean_password(password), about)) is not None:
        raise Invalid({field: fault})


def _fault(password: str, about: tuple[str, ...]) -> UserMessage | None:
    if len(password) < SHORTEST:
        return message("A password needs at least {count} characters; a few words are fine.", count=SHORTEST)
    if len(password) > LONGEST:
        return message("Too long: {limit} characters at most.", limit=LONGEST)
    if not password.isprintable():
        return message("Contains a character that cannot be displayed.")
    if _about_oneself(password, about):
        return message("This password is your own name or address.")
    if _guessable(password, about):
        return message("This password is too common: many people use it or one like it. A few words are fine.")
    return None


def _about_oneself(password: str, about: tuple[str, ...]) -> bool:
    folded = fold(password)
    names = {fold(name) for text in about for name in (text, *text.replace("@", " ").split()) if len(name) > 3}
    return any(folded in {name, name * 2} or folded.strip("0123456789!.-_ ") == name for name in names)


def _guessable(password: str, about: tuple[str, ...]) -> bool:
    """Tell whether a program that tries common passwords, words, names and keys in a row finds it early."""
    # Imported when the first password is chosen: its lists of words take 14 MB.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped] # noqa: PLC0415

    # The longest that it looks at: what begins so well is good enough.
    judged = zxcvbn(password[:_LOOKED_AT], user_inputs=[*about, *_STATION])
    return bool(judged["score"] < _LEAST_SCORE)
