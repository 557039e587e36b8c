"""JSON as loggers and small servers write it: a value that is no JSON costs that value and not its neighbours.

`json` reads what is well written. Only where that fails the text is read again, value by value.
"""

import codecs
import json
import re
from contextlib import suppress
from math import inf, nan
from typing import Any, NoReturn

# Deeper ones hold nothing that anybody reads; they are passed over.
_LEVELS = 100
# Python refuses to read longer whole numbers; a 64-bit number ends at 309 digits.
_DIGITS = 4000

# So many values are read by hand at most: what is well written is read by `json`, and takes none of them.
_BY_HAND = 10_000

# Between values NULs and byte-order marks stand for nothing: power cuts and concatenated files leave them.
_BLANK = re.compile(r"[\s\0\ufeff]*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'[^,:\[\]{}"\r\n\0]*')
_KEY_END = re.compile(r"[\s\0]*:")
# Two or four bytes a character, with a mark or by the NULs beside two characters.
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]|[^\0]\0\0\0|\0\0\0[^\0]", re.DOTALL)
_DECIMALS = re.compile(r"[\s\0]*(\d+)[\s\0]*(?=[,}])")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_NOT_A_NUMBER = re.compile(r"[+-]?nan", re.IGNORECASE)
_INFINITY = re.compile(r"\+?(-?)inf(?:inity)?", re.IGNORECASE)
_ESCAPE = re.compile(r'(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})|\\')
_END = re.compile(r"[\s\0\ufeff]*(?:[,\]}]|\Z)")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_BRACKET_OR_STRING = re.compile(r'[\[{\]}]|"(?:[^"\\]|\\.)*"', re.DOTALL)


def read_json(body: bytes, charset: str | None = None) -> Any:
    """Return the document in `body`, whose sender may have declared a charset; raise ValueError where there is none.

    A bare word in place of a value becomes text (`nan` a float), a number with thousands of digits an infinity,
    and bytes that are no text lone surrogates: whoever reads that member refuses it, the others are as sent.
    """
    text = _decoded(body, charset).strip("\0\ufeff \t\r\n")
    try:
        return json.loads(text, strict=False, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        try:
            return _Reader(text).document()
        except _BrokenError:
            reason = str(error) if isinstance(error, ValueError) else "many levels, whose end is missing"
            raise ValueError(reason) from None


def _decoded(body: bytes, charset: str | None) -> str:
    """Decode by the byte-order mark, the declared charset, UTF-16 or -32 where the bytes show them, else UTF-8."""
    wide = json.detect_encoding(body) if _WIDE.match(body) else None
    for name in filter(None, (wide, charset)):
        try:
            return body.decode(name)
        except (LookupError, ValueError):
            continue
    return body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def _whole(digits: str) -> int | float:
    if len(digits) > _DIGITS:
        return -inf if digits.startswith("-") else inf
    return int(digits)


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole)


class _BrokenError(ValueError):
    """The text ends too early, or its brackets do not fit."""


class _Reader:
    """Reads a text once from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._left = _BY_HAND

    def document(self) -> Any:
        if self._peek() not in {"{", "["}:
            self._fail()
        found = self._value(0)
        if self._peek():
            self._fail()
        return found

    def _value(self, level: int) -> Any:
        mark = self._peek()
        with suppress(ValueError, RecursionError):
            found, end = _DECODER.raw_decode(self._text, self._at)
            if _END.match(self._text, end):
                self._at = end
                return found
        self._left -= 1
        if self._left < 0:
            self._fail()
        if mark == '"':
            return self._string()
        if mark and mark in "{[":
            if level > _LEVELS:
                return self._passed_over({} if mark == "{" else [])
            return self._object(level) if mark == "{" else self._list(level)
        return _meant(self._bare())

    def _object(self, level: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        key: str | None = None
        bare: str | None = None
        self._at += 1
        while (mark := self._peek()) != "}":
            if key is not None:
                self._expect(mark, ",")
                decimals = None if bare is None else _DECIMALS.match(self._text, self._at)
                if decimals is not None and bare is not None:
                    # A program that prints 18,02 where JSON has 18.02: whether that is a number, its reader knows.
                    found[key], bare = f"{bare},{decimals[1]}", None
                    self._at = decimals.end()
                    continue
                if (mark := self._peek()) == "}":
                    break
            key = self._string() if mark == '"' else self._bare()
            self._take(_KEY_END)
            bare = None if (start := self._peek()) and start in '"{[' else self._peek_bare()
            found[key] = self._value(level + 1)
        self._at += 1
        return found

    def _list(self, level: int) -> list[Any]:
        found: list[Any] = []
        self._at += 1
        while (mark := self._peek()) != "]":
            if found:
                self._expect(mark, ",")
                if self._peek() == "]":
                    break
            found.append(self._value(level + 1))
        self._at += 1
        return found

    def _passed_over(self, stand_in: Any) -> Any:
        depth = 0
        while True:
            match = _BRACKET_OR_STRING.search(self._text, self._at)
            if match is None:
                self._fail()
            self._at = match.end()
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match[0], 0)
            if depth == 0:
                return stand_in

    def _string(self) -> str:
        mended = _ESCAPE.sub(lambda match: match[1] or r"\\", self._take(_STRING)[0])
        return str(json.loads(mended, strict=False))

    def _bare(self) -> str:
        return self._take(_BARE)[0].strip()

    def _peek_bare(self) -> str | None:
        match = _BARE.match(self._text, self._at)
        return None if match is None else match[0].strip()

    def _peek(self) -> str:
        """Pass over blanks; return the next character, nothing at the end."""
        self._at = self._take(_BLANK).end()
        return self._text[self._at : self._at + 1]

    def _expect(self, found: str, wanted: str) -> None:
        if found != wanted:
            self._fail()
        self._at += 1

    def _take(self, form: re.Pattern[str]) -> re.Match[str]:
        match = form.match(self._text, self._at)
        if match is None:
            self._fail()
        self._at = match.end()
        return match

    def _fail(self) -> NoReturn:
        raise _BrokenError(f"no JSON at character {self._at}")


def _meant(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    if match := _NUMBER.fullmatch(word):
        return float(word) if match[1] or match[2] else _whole(word)
    if _NOT_A_NUMBER.fullmatch(word):
        return nan
    if match := _INFINITY.fullmatch(word):
        return -inf if match[1] else inf
    return word
