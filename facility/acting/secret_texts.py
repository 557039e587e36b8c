"""Random texts that open something: made here, shown once, kept as hashes only."""

import hashlib
import hmac
from secrets import token_urlsafe

TOKEN_PREFIX = "oct_"  # noqa: S105 - how a token begins, so that leak scanners and people know it


def new_secret() -> str:
    """Return 256 random bits as text for URLs and cookies."""
    return token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what the tables keep. Plain SHA-256 is enough for 256 random bits; passwords need more."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def form_token(secret: str) -> str:
    """Return what a form sends back to prove that its page was given to the holder of this cookie."""
    return hmac.new(secret.encode("utf-8", "replace"), b"octopus form", hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare without telling by the time taken where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
