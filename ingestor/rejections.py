"""What could not be stored, with its reason: recorded in the readings' own transaction, each once, many at a time."""

import json
from collections.abc import Container, Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, and_, insert, or_, select

from ingestor.decoding import Decoded
from schemas.messages import Reading
from schemas.tables import RejectedMessage

_PAYLOAD = 64 * 1024
_TOPIC = 1024
_AT_ONCE = 500

# Made once: making a statement costs more than sending it.
_INSERT = insert(RejectedMessage)

# A reading that is rejected but stays in its outbox: topic, publisher, number.
Unconfirmed = tuple[str, str, int]
# A number of an outbox.
Number = tuple[str, int]


def record(connection: Connection, rejections: Iterable[tuple[Decoded, str]], reported: Container[Unconfirmed]) -> None:
    """Insert the rejections (reading, reason), but for those that came again and stand already."""
    new: list[dict[str, Any]] = []
    again: dict[str, dict[str, Any]] = {}
    for reading, reason in rejections:
        if _reported_before(reading, reported):
            continue
        row = _row(reading, reason)
        if reading.repeat:
            again.setdefault(row["digest"], row)
        else:
            new.append(row)
    if again:
        known = _recorded(connection, set(again)) | {row["digest"] for row in new}
        new += [row for digest, row in again.items() if digest not in known]
    if new:
        connection.execute(_INSERT, new)


def rejected_payloads(connection: Connection, numbers: Iterable[Number]) -> dict[Number, list[bytes]]:
    """Return what was rejected under these numbers."""
    found: dict[Number, list[bytes]] = {}
    ordered = sorted(set(numbers))
    for start in range(0, len(ordered), _AT_ONCE):
        keys = [
            and_(RejectedMessage.publisher_id == publisher, RejectedMessage.sequence == sequence)
            for publisher, sequence in ordered[start : start + _AT_ONCE]
        ]
        for publisher, sequence, payload in connection.execute(
            select(RejectedMessage.publisher_id, RejectedMessage.sequence, RejectedMessage.payload).where(or_(*keys))
        ):
            found.setdefault((str(publisher), int(sequence or 0)), []).append(payload)
    return found


def is_same(reading: Decoded, payload: bytes) -> bool:
    """Return whether a rejected payload is this reading: a message and a backlog write the same one differently."""
    whole = reading.payload
    if payload == whole[:_PAYLOAD]:
        return True
    one, other = _content(payload), _content(whole)
    if isinstance(one, Reading) and reading.digest is not None:
        return one.digest == reading.digest
    return one is not None and bool(one == other)


def _content(payload: bytes) -> Any:
    """Return a payload as a reading, or as JSON where it is none; None where it is neither."""
    try:
        return Reading.model_validate_json(payload)
    except ValidationError:
        pass
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _row(reading: Decoded, reason: str) -> dict[str, Any]:
    whole = reading.payload
    booked = reading.unit_id is not None
    return {
        "topic": reading.topic[:_TOPIC],
        "payload": whole[:_PAYLOAD],
        "size": len(whole),
        "reason": reason,
        "received_at": datetime.fromtimestamp(reading.received_at, UTC),
        "publisher_id": reading.publisher if booked else None,
        "sequence": reading.sequence if booked else None,
        "digest": _digest(reading, reason),
    }


def _digest(reading: Decoded, reason: str) -> str:
    """Name a rejection: whatever is delivered again with the same reason has the same one."""
    content = reading.payload if reading.digest is None else reading.digest.encode()
    number = f"{reading.publisher} {reading.sequence}"
    parts = b"\0".join([reading.topic.encode("utf-8", "replace"), number.encode(), reason.encode("utf-8", "replace")])
    return blake2b(parts + b"\0" + content, digest_size=16).hexdigest()


def _recorded(connection: Connection, digests: set[str]) -> set[str]:
    ordered = sorted(digests)
    found: set[str] = set()
    for start in range(0, len(ordered), _AT_ONCE):
        part = ordered[start : start + _AT_ONCE]
        found |= set(connection.scalars(select(RejectedMessage.digest).where(RejectedMessage.digest.in_(part))))
    return found


def _reported_before(reading: Decoded, reported: Container[Unconfirmed]) -> bool:
    if reading.unit_id is not None or reading.publisher is None or reading.sequence is None:
        return False
    return (reading.topic, reading.publisher, reading.sequence) in reported
