"""Taking out, before anybody sees them, the values of members that must never enter the hub."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

import msgspec

_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
"""Reads JSON without making anything of it: only to see that it is some."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_VALUE = re.compile(_STRING + rb"|(?P<open>[{\[])|[^\s,\]}]++", re.DOTALL)
_KEY = re.compile(_STRING + rb"(?P<colon>\s*+:\s*+)?", re.DOTALL)
_NESTING = re.compile(_STRING + rb"|[{}\[\]]", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_. -]*")
_ESCAPED_LETTER = re.compile(rb"\\(?=u00[2-7])")
"""A name may be written with such escapes; searching for the bare backslash is what makes it quick."""

_GAP = rb"(?:[ \t-]|\xc2\xa0|&nbsp;){0,2}"
_CARD_DIGITS = re.compile(rb"[0-9](?:" + _GAP + rb"[0-9]){12,}+")


class Scrubber:
    """Replaces the values of the members *names* (exact, at any depth) by an empty string."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        plain = sorted(name for name in self._names if _PLAIN_NAME.fullmatch(name))
        self._always_careful = len(plain) < len(self._names)
        self._fast = tuple(_fast(list(group)) for _, group in groupby(plain, key=lambda name: name[0]))
        self._lenient = tuple(_lenient(self._names)) if self._names else ()

    def scrub(self, text: bytes) -> bytes:
        """Scrub *text*, which must be JSON."""
        if self._always_careful or (self._names and _ESCAPED_LETTER.search(text)):
            return self._scrub_carefully(text)
        for pattern in self._fast:
            nested = False

            def blank(match: re.Match[bytes]) -> bytes:
                nonlocal nested
                nested = nested or match["open"] is not None
                return match[1] + b'""'

            scrubbed = pattern.sub(blank, text)
            if nested:
                return self._scrub_carefully(text)
            text = scrubbed
        return text

    def scrub_unparsable(self, text: bytes) -> bytes:
        """Scrub *text* of any kind (cut JSON, XML, HTML, a form): the members, and digits of card length."""
        for pattern in self._lenient:
            text = pattern.sub(_only_around, text)
        return _CARD_DIGITS.sub(b"***", text)

    def clean(self, text: bytes) -> bytes:
        """Scrub *text*, whatever it is."""
        try:
            _ANYTHING.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return self.scrub_unparsable(text)
        return self.scrub(text)

    def _scrub_carefully(self, text: bytes) -> bytes:
        pieces: list[bytes] = []
        done = 0
        for start, end in self._values(text):
            pieces += (text[done:start], b'""')
            done = end
        return b"".join([*pieces, text[done:]])

    def _values(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Find where the values of the named members start and end."""
        key = _KEY.search(text)
        while key:
            end = key.end()
            if key["colon"] and self._is_named(key[0].removesuffix(key["colon"])):
                end = _end_of_value(text, key.end())
                yield key.end(), end
            key = _KEY.search(text, end)

    def _is_named(self, quoted: bytes) -> bool:
        try:
            return json.loads(quoted, strict=False) in self._names
        except ValueError:
            return False


def _fast(names: list[str]) -> re.Pattern[bytes]:
    """Make a pattern that begins with as many literal letters as the names share, since only then it is quick."""
    first = names[0][0]
    rest = "|".join(re.escape(name[1:]) for name in sorted(names, key=len, reverse=True))
    # A quote after a backslash does not begin a name: it stands inside a string.
    key = rf'("{first}(?<!\\"{first})(?:{rest})"\s*+:\s*+)'
    return re.compile(key.encode() + b"(?:" + _VALUE.pattern + b")", re.DOTALL)


def _end_of_value(text: bytes, start: int) -> int:
    value = _VALUE.match(text, start)
    if value is None:
        return start
    if value["open"] is None:
        return value.end()
    depth = 0
    for token in _NESTING.finditer(text, start):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _lenient(names: Iterable[str]) -> Iterator[re.Pattern[bytes]]:
    """Make patterns whose group `value` is to be blanked, for all the ways in which a value may follow its name."""
    name = b"(?:" + b"|".join(re.escape(name.encode()) for name in sorted(names, key=len, reverse=True)) + b")"
    quoted = rb"(?P<quote>\\*[\"'])"
    forms = (
        # JSON, whole or cut, also inside a string: to the end of the string, number or structure, or of the text.
        rb"\\*[\"']"
        + name
        + rb"\\*[\"']\s*[:=]\s*(?P<value>\\*\"(?:(?!\\*\").)*+|\\*'(?:(?!\\*').)*+|[{\[][^}\]]*+|[^\s,}\]<>&]++)",
        rb"<(?P<tag>(?:[\w.-]+:)?" + name + rb")(?:\s[^>]*+)?>(?P<value>.*?)(?:</(?P=tag)|\Z)",
        rb"(?<![\w])" + name + rb"\s*=\s*" + quoted + rb"(?P<value>.*?)(?:(?P=quote)|\Z)",
        rb"(?<![\w])" + name + rb"\s*=\s*(?P<value>[^\s&;,\"'<>\\]++)",
        rb"name\s*=\s*" + quoted + name + rb"(?P=quote)[^>]*?value\s*=\s*(?P<value>\"[^\"]*+|'[^']*+|[^\s>\"']++)",
        rb"value\s*=\s*(?P<value>\"[^\"]*+|'[^']*+|[^\s>\"']++)[\"']?[^>]*?name\s*=\s*"
        + quoted
        + name
        + rb"(?P=quote)",
    )
    return (re.compile(form, re.DOTALL | re.IGNORECASE) for form in forms)


def _only_around(match: re.Match[bytes]) -> bytes:
    start, end = match.start("value") - match.start(), match.end("value") - match.start()
    opening = re.match(rb"\\*[\"']", match["value"])
    return match[0][:start] + (opening[0] if opening else b"") + match[0][end:]


def without_mark(text: bytes) -> bytes:
    """Give *text* without the byte-order mark that some stores put before their JSON."""
    return text.removeprefix(codecs.BOM_UTF8)
