"""JSON as text: seeing whether it is some, mending what can be mended, cutting a list into its members."""

from __future__ import annotations

import re

import msgspec

STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+'
"""A JSON string, for patterns with DOTALL; one that is cut off reaches to the end, or searching would take for ever."""

_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])

_LONGEST_TO_CUT = 16 * 1024 * 1024
_MOST_TO_CUT = 10_000
"""Faulty texts beyond these bounds are not cut: no page of a store is as large, and it would take seconds."""

_TOKEN = re.compile(STRING + rb"|[{}\[\],]", re.DOTALL)
_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}

_HIGH, _LOW, _HEX = rb"\\u[dD][89abAB]", rb"\\u[dD][c-fC-F]", rb"[0-9a-fA-F]{2}"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"(?:" + _HIGH + _HEX + _LOW + _HEX + rb")|(?P<half>" + _HIGH + _HEX + b"|" + _LOW + _HEX + rb")|\\.", re.DOTALL
)


def is_json(text: bytes) -> bool:
    """Tell whether *text* is JSON, without making anything of it."""
    try:
        _ANYTHING.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def mended(text: bytes) -> bytes:
    """Give *text* with the halves of signs that some stores leave where they cut a text replaced by U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape[0], text)


def sound_members(text: bytes) -> list[bytes] | None:
    """Cut a JSON list into the exact text of each member; None where it is no list or not all of it is JSON."""
    try:
        return list(map(bytes, _LIST.decode(text)))
    except (msgspec.DecodeError, RecursionError):
        return None


def members(text: bytes) -> list[bytes] | None:
    """Cut a JSON list into the exact text of each member, faulty ones too; None where it is no list."""
    sound = sound_members(text)
    return _cut(text.strip()) if sound is None else sound


def _cut(text: bytes) -> list[bytes] | None:
    if text[:1] != b"[" or text[-1:] != b"]" or len(text) > _LONGEST_TO_CUT:
        return None
    found: list[bytes] = []
    depth, begun = 0, 1
    for token in _TOKEN.finditer(text):
        depth += _DEPTH.get(token[0], 0)
        if (depth == 0 and token.end() < len(text)) or len(found) > _MOST_TO_CUT:
            return None
        if (depth == 1 and token[0] == b",") or depth == 0:
            found.append(text[begun : token.start()].strip())
            begun = token.end()
    return found if depth == 0 else None
