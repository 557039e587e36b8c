"""Lines out of bytes: of any line end, in either direction, past the zeros that power cuts and reserved files hold."""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

CHUNK = 256 * 1024
LONGEST_LINE = 1024 * 1024
# Windows ends lines with \r\n, some of its programs with \r\r\n, old Macs with \r alone.
_END = re.compile(rb"\r*\n|\r")


class Line(NamedTuple):
    """Where a line begins and where the next one does, in bytes, and the line without its end."""

    begin: int
    end: int
    raw: bytes


def whole_lines(data: bytes, start: int) -> list[Line]:
    r"""Return the lines that have an end; a last \r may be half of one. `start` is where the data begins, in bytes."""
    lines, begin = [], 0
    for end in _END.finditer(data):
        if end.end() == len(data) and end[0][-1:] == b"\r":
            break
        lines.append(Line(start + begin, start + end.end(), data[begin : end.start()]))
        begin = end.end()
    return lines


def last_line(data: bytes, start: int) -> list[Line]:
    """Return what stands there as the last line of a file, whole or not; nothing for nothing but zeros and ends."""
    text = data.rstrip(b"\0")
    bare = text.rstrip(b"\r\n")
    return [Line(start, start + len(text), bare)] if bare else []


def forward(stream: BinaryIO, offset: int) -> tuple[int, bytes]:
    """Return a piece of the file from `offset` on and where it begins: later, if zeros stand there before more text.

    Zeros up to the end are a file reserved in advance: there, nothing is written yet.
    """
    stream.seek(offset)
    chunk = stream.read(CHUNK)
    if len(chunk) == CHUNK and not chunk.strip(b"\0"):
        begin = next_text(stream, offset + CHUNK)
        if begin is None:
            return offset, b""
        stream.seek(begin)
        offset, chunk = begin, stream.read(CHUNK)
    if len(chunk) == CHUNK and not whole_lines(chunk, 0):
        chunk += stream.read(LONGEST_LINE - CHUNK)
    return offset, chunk if chunk.strip(b"\0") else b""


def next_text(stream: BinaryIO, offset: int) -> int | None:
    """Return where the first byte from `offset` on stands that is not zero, None if there is none."""
    stream.seek(offset)
    while chunk := stream.read(CHUNK):
        if text := chunk.lstrip(b"\0"):
            return offset + len(chunk) - len(text)
        offset += len(chunk)
    return None


def before(stream: BinaryIO, offset: int, start: int, most: int = CHUNK) -> list[Line]:
    """Return the lines that end at `offset`, from `start` on or the last `most` bytes of them."""
    begin = max(start, offset - most)
    stream.seek(begin)
    data = stream.read(offset - begin)
    lines = whole_lines(data, begin)
    rest = (lines[-1].end if lines else begin) - begin
    lines += last_line(data[rest:], begin + rest)
    # The first is only half there unless a line begins where the piece does.
    return lines if begin == start else lines[1:]


def from_start(stream: BinaryIO) -> Iterator[Line]:
    """Yield every line of the file that has an end, and the last one without."""
    offset, rest = 0, b""
    stream.seek(0)
    while chunk := stream.read(CHUNK):
        data = rest + chunk
        lines = whole_lines(data, offset)
        yield from lines
        if lines:
            data, offset = data[lines[-1].end - offset :], lines[-1].end
        if len(data) > LONGEST_LINE:
            yield Line(offset, offset + len(data), data)
            data, offset = b"", offset + len(data)
        rest = data
    yield from last_line(rest, offset)
