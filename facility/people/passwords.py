"""Passwords: argon2id in few threads at once, rules that fit what people do, nothing ever compared in clear."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from facility.acting.fields import fold
from facility.acting.refusals import Invalid
from facility.acting.user_messages import UserMessage, message

SHORTEST = 12
LONGEST = 256


class Passwords:
    """Hashes and verifies. A hash takes 64 MiB and tens of milliseconds: only so many are made side by side."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = BoundedSemaphore(at_once)
        # Verified in place of the hash of an account that does not exist, so that both take as long.
        self._nobody = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        with self._room:
            return self._hasher.hash(password)

    def verify(self, hashed: str | None, password: str) -> bool:
        """Tell whether the password fits; takes as long where there is no hash."""
        with self._room:
            try:
                fits = self._hasher.verify(hashed or self._nobody, password[: LONGEST + 1])
            except (VerificationError, InvalidHashError):
                return False
        return fits and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Tell whether the hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(hashed)


def check_password(password: str, *about: str, field: str = "password") -> None:
    """Raise Invalid for a password that is short, endless, one letter repeated, or the person's own name."""
    if (fault := _fault(password, about)) is not None:
        raise Invalid({field: fault})


def _fault(password: str, about: tuple[str, ...]) -> UserMessage | None:
    if len(password) < SHORTEST:
        return message("A password needs at least {count} characters; a few words are fine.", count=SHORTEST)
    if len(password) > LONGEST:
        return message("Too long: {limit} characters at most.", limit=LONGEST)
    if not password.isprintable():
        return message("Contains a character that cannot be displayed.")
    if len(set(password)) < 5:
        return message("This password is too simple.")
    folded = fold(password)
    names = {fold(name) for text in about for name in (text, *text.replace("@", " ").split()) if len(name) > 3}
    if any(folded in {name, name * 2} or folded.strip("0123456789!.-_ ") == name for name in names):
        return message("This password is your own name or address.")
    return None
