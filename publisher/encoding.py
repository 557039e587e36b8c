"""Readings as bytes: encoded once when they enter the outbox, only joined when they leave it."""

from collections.abc import Iterable
from hashlib import blake2b

import orjson

from publisher.sources.source import Sample
from schemas import times
from schemas.messages import MAX_PAYLOAD

# Well below what a broker may refuse, and small enough that a live reading never waits long behind it.
BACKLOG_BYTES = 64 * 1024

_OPEN, _CLOSE = b'{"readings":[', b"]}"
_CONTENT, _DIGEST = b',"observed_at":', b',"digest":"'
_DIGEST_SIZE = 16  # hexadecimal digits
_TAIL = len(_DIGEST) + _DIGEST_SIZE + len(b'"}')


class Encoder:
    """Encodes the samples of one outbox."""

    def __init__(self, publisher: str) -> None:
        self._head = b'{"publisher":"' + publisher.encode() + b'","sequence":'

    def encode(self, sequence: int, sample: Sample) -> bytes:
        """Return a reading's payload; raise TypeError or ValueError for what no reading can hold.

        NaN and infinities are no values: they become null.
        """
        if not sample.values:
            raise ValueError("a reading without any parameter")
        values = sample.values if isinstance(sample.values, dict) else dict(sample.values)
        doubted = b',"suspect":' + orjson.dumps(sorted(sample.suspect)) if sample.suspect else b""
        at = times.to_text(sample.observed_at).encode()
        content = b'%b"%b","values":%b%b' % (_CONTENT, at, orjson.dumps(values), doubted)
        digest = blake2b(sample.cell.encode() + content, digest_size=_DIGEST_SIZE // 2).hexdigest().encode()
        payload = b'%b%d%b%b%b"}' % (self._head, sequence, content, _DIGEST, digest)
        if len(payload) + len(_OPEN) + len(_CLOSE) > MAX_PAYLOAD:
            raise ValueError(f"a reading of {len(payload)} bytes: at most {MAX_PAYLOAD} can be sent")
        return payload

    def renumber(self, sequence: int, reading: bytes) -> bytes:
        """Return an encoded reading under another number of this outbox; its content and digest stay."""
        return b"%b%d%b" % (self._head, sequence, reading[reading.index(_CONTENT) :])


def digest_of(reading: bytes) -> str | None:
    """Return the digest that an encoded reading carries; None for one of an older version."""
    tail = reading[-_TAIL:]
    return tail[len(_DIGEST) : -2].decode() if tail.startswith(_DIGEST) else None


def join_backlog(readings: Iterable[bytes]) -> bytes:
    """Return the payload of a backlog message made of encoded readings."""
    return _OPEN + b",".join(readings) + _CLOSE


def value_payloads(reading: bytes) -> dict[str, bytes]:
    """Return each parameter's bare value; empty where the sensor gave none."""
    values = orjson.loads(reading)["values"]
    return {code: b"" if value is None else orjson.dumps(value) for code, value in values.items()}
