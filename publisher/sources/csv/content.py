"""What a known file holds from its place on: the next lines, each with the place after it."""

import logging
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from publisher.sources.csv import blocks
from publisher.sources.csv.known import KnownFile, Place

log = logging.getLogger(__name__)

# Tells whether a last line without an end is as whole as it will be.
Finished = Callable[[KnownFile], bool]


def next_lines(known: KnownFile, finished: Finished) -> list[tuple[Place, bytes]]:
    """Return the next whole lines, each with the place after it, and move the place of reading on."""
    try:
        stream = Path(known.path).open("rb")  # noqa: SIM115 - closed below; only its absence is caught here
    except FileNotFoundError:
        return []  # renamed since the look: the next look finds out
    with stream:
        if os.fstat(stream.fileno()).st_ino != known.inode:
            return []
        found = _upwards(known, stream) if known.newest_first else _onwards(known, stream, finished)
    if found:
        known.read = found[-1][0]
    return found


def first_lines(known: KnownFile) -> list[tuple[Place, bytes]]:
    """Return the first lines of a file again, after a restart or where its header has moved."""
    with Path(known.path).open("rb") as stream:
        return _numbered(blocks.whole_lines(stream.read(blocks.CHUNK), 0), Place())


def turn_around(known: KnownFile, header: int, body: int, finished: Finished) -> bool:
    """Read a file from its end on, for its newest line stands first; return whether its last line is whole already."""
    with Path(known.path).open("rb") as stream:
        lines = 0
        for line in blocks.from_start(stream):
            lines, end = lines + 1, line.end
        whole = bool(blocks.whole_lines(_piece(stream, line.begin, end), 0))
    if not (whole or finished(known)):
        return False
    known.end = end
    known.kept = known.read = Place(end, lines + 1, header, body)
    return True


def settle(known: KnownFile, header: int, body: int, above: int) -> bool:
    """Go on from where the kept lines were found, below a header that ends after `above` lines.

    Tell whether that can be: more lines above the place than were ever kept are new ones, put in before.
    """
    if known.kept.offset < body or (not known.newest_first and known.passed - above > known.tail.count):
        return False
    known.kept = known.read = replace(known.kept, header=header, body=body)
    known.moved, known.passed = False, known.passed - above
    with Path(known.path).open("rb") as stream:
        known.refill(stream)
    return True


def header_of(known: KnownFile) -> bytes:
    """Return the header in force again, after a restart."""
    with Path(known.path).open("rb") as stream:
        stream.seek(known.read.header)
        lines = blocks.whole_lines(stream.read(blocks.LONGEST_LINE), 0)
    return lines[0].raw if lines else b""


def _onwards(known: KnownFile, stream: BinaryIO, finished: Finished) -> list[tuple[Place, bytes]]:
    place = known.read
    if place.unended >= 0:
        place = _ended(known, stream, place)
    start, chunk = blocks.forward(stream, place.offset)
    # Zeros at the end were reserved in advance; those before a line were left by a power cut.
    known.written = start + len(chunk.rstrip(b"\0"))
    if lines := blocks.whole_lines(chunk, start):
        return _numbered(lines, place)
    if len(chunk) == blocks.LONGEST_LINE:
        # Where text comes after them, zeros end a line.
        end = blocks.next_text(stream, known.written) if chunk.endswith(b"\0") else start + len(chunk)
        return [] if end is None else _numbered([blocks.Line(start, end, chunk.rstrip(b"\0"))], place)
    if finished(known) and (lines := blocks.last_line(chunk, start)):
        log.info("%s ends without a line end: its last line counts as whole, for nothing came after it", known.path)
        unended = -1 if chunk[: lines[0].end - start].endswith(b"\r") else start
        return [(replace(last, unended=unended), raw) for last, raw in _numbered(lines, place)]
    return []


def _ended(known: KnownFile, stream: BinaryIO, place: Place) -> Place:
    """Return the place after a line that had no end: the end has come, or the line goes on and is read again."""
    stream.seek(place.offset)
    after = stream.read(3)
    if end := re.match(rb"\r*\n|\r", after):
        return replace(place, offset=place.offset + end.end(), unended=-1)
    if after.strip(b"\0"):
        log.warning("%s line %d went on after it had counted as whole: it is read again", known.path, place.line)
        return replace(place, offset=place.unended, line=place.line - 1, unended=-1)
    return place


def _upwards(known: KnownFile, stream: BinaryIO) -> list[tuple[Place, bytes]]:
    place = known.read
    lines = blocks.before(stream, place.offset, place.body)
    lines = lines or blocks.before(stream, place.offset, place.body, blocks.LONGEST_LINE)
    found = []
    for line in reversed(lines):
        place = replace(place, offset=line.begin, line=place.line - 1)
        found.append((place, line.raw))
    if not found:
        known.read = replace(place, offset=place.body)  # nothing but zeros and blanks
    return found


def _piece(stream: BinaryIO, begin: int, end: int) -> bytes:
    stream.seek(begin)
    return stream.read(end - begin)


def _numbered(lines: list[blocks.Line], place: Place) -> list[tuple[Place, bytes]]:
    return [
        (Place(line.end, number, place.header, place.body), line.raw)
        for number, line in enumerate(lines, place.line + 1)
    ]
