"""Numbers as people write them: with a point or a comma before the decimals, with or without marks for thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

Mark = Literal[".", ","]

_SPACES: Final = str.maketrans("", "", " \xa0\u202f\u2009'\u2019")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:[ \xa0\u202f\u2009'\u2019][0-9]{3})+(?:[.,][0-9]*)?")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)*|[.,][0-9]+)")
_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_MINUS: Final = "\u2212"
_OTHER: Final[dict[Mark, Mark]] = {".": ",", ",": "."}
_GROUP: Final = 3


class NumberError(ValueError):
    """The text is no number, or may mean two; the message says so as the end of a sentence."""


def mark_of(texts: Iterable[str]) -> Mark | None:
    """Tell which mark stands before the decimals of these numbers; None where that shows in none, or they differ."""
    told = {mark for text in texts if (mark := _telling(_bare(text))) is not None}
    return told.pop() if len(told) == 1 else None


def number(text: str, mark: Mark | None) -> str:
    """Give a number as Python writes it; *mark* is the one before decimals, where that is known. Raises NumberError."""
    bare = _bare(text)
    if not _NUMBER.fullmatch(bare):
        raise NumberError("is no number")
    return _plain(bare, mark or _telling(bare) or _assumed(bare))


def _assumed(bare: str) -> Mark:
    """Give the mark for a number that does not tell it. Raises NumberError where that makes a difference."""
    if not _THOUSANDS.fullmatch(bare):
        return "."
    whole, part = re.sub("[.,]", "", bare), bare.replace(",", ".").rstrip("0").rstrip(".")
    raise NumberError(f"may mean {whole} or {part}; say so with --decimal point or --decimal comma")


def _bare(text: str) -> str:
    stripped = text.strip().replace(_MINUS, "-")
    return stripped.translate(_SPACES) if _GROUPED.fullmatch(stripped) else stripped


def _telling(bare: str) -> Mark | None:
    """Tell which mark stands before the decimals of this one number, where it can be only that one."""
    points, commas = bare.count("."), bare.count(",")
    if points + commas == 0 or _THOUSANDS.fullmatch(bare) or not _NUMBER.fullmatch(bare):
        return None
    last: Mark = "." if bare.rfind(".") > bare.rfind(",") else ","
    mark = last if points + commas == 1 or (points and commas) else _OTHER[last]
    try:
        _plain(bare, mark)
    except NumberError:
        return None
    return mark


def _plain(bare: str, mark: Mark) -> str:
    """Take the marks for thousands out. Raises NumberError where they do not stand before three digits each."""
    whole, _, part = bare.partition(mark)
    grouping = _OTHER[mark]
    first, *groups = whole.lstrip("+-").split(grouping)
    well_grouped = not groups or (0 < len(first) <= _GROUP and all(len(group) == _GROUP for group in groups))
    if not well_grouped or grouping in part or mark in part:
        raise NumberError("is no number")
    sign = "-" if bare.startswith("-") else ""
    return f"{sign}{first or '0'}{''.join(groups)}" + (f".{part}" if part else "")
