"""Taking out, before anybody sees them, the values of members that must never enter the hub."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import groupby
from os.path import commonprefix
from typing import NamedTuple

from hub_core.channels import jsontext

_KEY = re.compile(jsontext.STRING + rb"(?P<colon>\s*+:\s*+)?", re.DOTALL)
_VALUE = re.compile(jsontext.STRING + rb"|(?P<open>[{\[])|[^\s,\]}]++", re.DOTALL)
_NESTING = re.compile(jsontext.STRING + rb"|[{}\[\]]", re.DOTALL)
_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_OPENING = b"{["

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_. -]*")
_PLAIN_SIGN = rb"u00(?:2[0dDeE]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[fF])"
_ESCAPE = re.compile(rb"\\(?:(?=" + _PLAIN_SIGN + rb")u00(?P<code>..)|.)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(?=" + _PLAIN_SIGN + rb")")
"""A sign of a plain name in an escaped form; beginning with the bare backslash is what makes the search quick."""

_GAP = rb"(?:[ \t-]|\xc2\xa0|&nbsp;){0,2}"
_CARD_DIGITS = re.compile(rb"[0-9](?:" + _GAP + rb"[0-9]){12,}+")

_PARAMETER = rb"(?:=|%3d))[^&#\"\\\s<>';,]+"

_QUOTE = rb"(?:\\{0,8}[\"']|&quot;|&#34;)"
_LOOSE_VALUE = rb"(?P<open>" + _QUOTE + rb")?(?P<value>(?(open)(?:(?!(?P=open)).)*+|[^\s&;,\"'<>}\]\\]++))"


_STEM = 4
"""Letters that names have in common which are looked for together: enough to be rare in a text."""


class _Names(NamedTuple):
    """Names that begin with the same *stem*, and a pattern of a *member* with one of them whose *value* is not empty.

    The stem is looked for first, as plain bytes: that takes half of the time of the quickest pattern.
    """

    stem: bytes
    member: re.Pattern[bytes]


class Cleaned(NamedTuple):
    """A text without what must not enter the hub and, where it is a list, the texts of its members."""

    text: bytes
    members: list[bytes] | None = None


def _list_of(members: list[bytes]) -> Cleaned:
    """Write the list in one go, since each copy of a page takes as long as reading ten of its orders."""
    if not members:
        return Cleaned(b"[]", members)
    first, *others = members
    pieces = [b"[" + first, *others]
    pieces[-1] += b"]"
    return Cleaned(b",".join(pieces), members)


class Scrubber:
    """Replaces the values of the members *names* (exact, at any depth) by an empty string."""

    def __init__(self, names: Collection[str], parameters: Collection[str] = ()) -> None:
        """Take the *names* of members, and *parameters* of addresses, which may stand in any text."""
        self._names = frozenset(names)
        spellings = {form for name in parameters for form in (name, name.lower())}
        self._marks = tuple(form.encode() for form in spellings)  # a plain search, and a far quicker one
        self._parameters = [re.compile(rb"(?i)(" + re.escape(name.encode()) + _PARAMETER) for name in parameters]
        plain = sorted(name for name in self._names if _PLAIN_NAME.fullmatch(name))
        self._always_careful = len(plain) < len(self._names)
        self._quick = tuple(_quick(list(group)) for _, group in groupby(plain, key=lambda name: name[:_STEM]))
        self._loose = tuple(_loose(self._names)) if self._names else ()

    def clean(self, text: bytes) -> bytes:
        """Scrub *text*, whatever it is; one faulty member of a list leaves the others as they are."""
        return self.cut(text).text

    def cut(self, text: bytes) -> Cleaned:
        """Scrub *text* likewise and, where it is a list, cut it on the way."""
        members = jsontext.sound_members(text)
        if members is not None:
            return Cleaned(text, members) if self._is_clean(text) else _list_of(list(map(self.scrub, members)))
        if jsontext.is_json(text) or jsontext.is_json(text := jsontext.mended(text)):
            return Cleaned(self.scrub(text))
        members = jsontext.members(text)
        if members is None:
            return Cleaned(self.scrub_unparsable(text))
        return _list_of(list(map(self._clean_member, members)))

    def _is_clean(self, text: bytes) -> bool:
        """Tell of a whole list at one glance that nothing in it can be meant: lists of products and results are so."""
        if self._always_careful or b"\\" in text or any(names.stem in text for names in self._quick):
            return False
        return self._without_parameters(text) is text

    def _clean_member(self, text: bytes) -> bytes:
        return self.scrub(text) if jsontext.is_json(text) else self.scrub_unparsable(text)

    def scrub(self, text: bytes) -> bytes:
        """Scrub *text*, which must be JSON."""
        if self._always_careful:
            return self._without_parameters(self._scrub_carefully(text))
        if self._names and b"\\" in text and _ESCAPED.search(text):
            text = _ESCAPE.sub(_plainly, text)
        for names in self._quick:
            text = _blanked(names, text)
        return self._without_parameters(text)

    def scrub_unparsable(self, text: bytes) -> bytes:
        """Scrub *text* of any kind (cut JSON, XML, HTML, a form): the members, and digits of card length."""
        text = self._scrub_carefully(text)
        for pattern in self._loose:
            text = pattern.sub(_without_value, text)
        return _CARD_DIGITS.sub(b"***", self._without_parameters(text))

    def _without_parameters(self, text: bytes) -> bytes:
        # A single sign is found in a tenth of the time that a name takes, and most texts hold neither of these.
        if (b"=" in text or b"%" in text) and any(mark in text for mark in self._marks):
            for pattern in self._parameters:
                text = pattern.sub(rb"\1***", text)
        return text

    def _scrub_carefully(self, text: bytes) -> bytes:
        pieces: list[bytes] = []
        done, key = 0, _KEY.search(text)
        while key:
            end = key.end()
            if key["colon"] and self._is_named(key[0].removesuffix(key["colon"])):
                pieces += (text[done:end], b'""')
                done = end = _end_of_value(text, end)
            key = _KEY.search(text, end)
        return b"".join([*pieces, text[done:]])

    def _is_named(self, quoted: bytes) -> bool:
        if b"\\" not in quoted:
            return quoted[1:-1].decode(errors="replace") in self._names
        try:
            return json.loads(quoted.decode(), strict=False) in self._names
        except ValueError:
            return False


def _quick(names: list[str]) -> _Names:
    """Prepare the search for *names* that begin alike."""
    stem = commonprefix([f'"{name}"' for name in names])  # noqa: RUF071 - letters are what is compared
    rest = "|".join(re.escape(f'"{name}"'.removeprefix(stem)) for name in sorted(names, key=len, reverse=True))
    # A quote after a backslash does not begin a name: it stands inside a string.
    key = rf'(?<!\\){re.escape(stem)}(?:{rest})\s*+:\s*+(?!"")'
    return _Names(stem.encode(), re.compile(key.encode() + b"(" + _VALUE.pattern + b")", re.DOTALL))


def _blanked(names: _Names, text: bytes) -> bytes:
    pieces: list[bytes] = []
    done, at = 0, text.find(names.stem)
    while at >= 0:
        member = names.member.match(text, at)
        if member is None:
            at += 1
        else:
            start, end = member.span(1)
            pieces.append(text[done:start])
            done = at = _end_of_value(text, start) if text[start] in _OPENING else end
        at = text.find(names.stem, at)
    return b'""'.join([*pieces, text[done:]]) if pieces else text


def _plainly(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape["code"].decode()) if escape["code"] else escape[0]


def _end_of_value(text: bytes, start: int) -> int:
    value = _VALUE.match(text, start)
    if value is None:
        return start
    if value["open"] is None:
        return value.end()
    depth = 0
    for token in _NESTING.finditer(text, start):
        depth += _DEPTH.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _loose(names: Collection[str]) -> Iterator[re.Pattern[bytes]]:
    """Make patterns whose group `value` is to be blanked, for the ways in which a value may follow its name.

    The text comes from outside and may be made to take long, so nothing is looked through twice.
    """
    name = b"(?:" + b"|".join(re.escape(name.encode()) for name in sorted(names, key=len, reverse=True)) + b")"
    element = rb"(?:[\w.-]{1,64}:)?" + name
    forms = (
        _QUOTE + name + _QUOTE + rb"\s{0,9}[:=]\s{0,9}" + _LOOSE_VALUE,  # JSON, cut or inside a string
        rb"<(?P<tag>" + element + rb")(?:\s[^<>]{0,999}+)?>(?P<value>.*?)(?:</(?P=tag)|\Z)",  # an element
        rb"\b" + name + rb"\s{0,9}=\s{0,9}" + _LOOSE_VALUE,  # an attribute, or a field of a form
        rb"<(?=[^<>]{0,999}\bname\s{0,9}=\s{0,9}" + _QUOTE + rb"?" + name + rb"\b)"
        rb"[^<>]{0,999}?\bvalue\s{0,9}=\s{0,9}" + _LOOSE_VALUE,  # a field of a page
    )
    return (re.compile(form, re.DOTALL | re.IGNORECASE) for form in forms)


def _without_value(match: re.Match[bytes]) -> bytes:
    start, end = match.start("value") - match.start(), match.end("value") - match.start()
    return match[0][:start] + match[0][end:]


@lru_cache(maxsize=64)
def scrubber(names: tuple[str, ...], parameters: tuple[str, ...]) -> Scrubber:
    """Give the one for these, made once: each channel has its own, and every run of a flow asks for it."""
    return Scrubber(names, parameters)
