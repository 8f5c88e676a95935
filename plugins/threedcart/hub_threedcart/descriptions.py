"""Reading the HTML that a line's description is: the name, then one choice of the shopper after the other."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape
from typing import Final, NamedTuple

from hub_core import LineOption

_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BOLD: Final = re.compile(r"\s*<b>(.*?)</b>(.*)", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_BUNDLE: Final = re.compile(r"\s*(?:bundle item|kit item):", re.IGNORECASE)
_SURCHARGE: Final = re.compile(r"[-+]?\s?(\S)\s?[-+]?\d[\d.,]*")


class Description(NamedTuple):
    """What a description says. It is *plain* where name and options hold all of it."""

    name: str
    options: tuple[LineOption, ...]
    plain: bool


@lru_cache(maxsize=4096)
def described(html: str) -> Description:
    """Read a description leniently: whatever it looks like, there is a name, and nothing fails.

    A price that follows a value (` - $2.00`) is left out, since the line's price contains it.
    """
    head, *rest = _BREAK.split(html)
    if _BUNDLE.match(head):
        head, rest = _without_bundle(head, rest)
    options: list[LineOption] = []
    plain = "<a" not in html.lower()
    for piece in rest:
        bold = _BOLD.match(piece)
        if bold:
            options.append(LineOption(name=_name(bold[1]), value=_value(bold[2])))
        elif options:
            options[-1] = _longer(options[-1], _value(piece))
        else:
            plain = plain and not piece.strip()
    return Description(_text(head), tuple(options), plain)


def _without_bundle(head: str, rest: list[str]) -> tuple[str, list[str]]:
    """Leave out the name of the bundle, which stands before that of its part: `Bundle Item: <SKU><br>Name`."""
    if rest and not _BOLD.match(rest[0]):
        return rest[0], rest[1:]
    return head.partition(":")[2], rest


def _text(html: str) -> str:
    if "<" in html:
        html = _TAG.sub("", html)
    return unescape(html).strip() if "&" in html else html.strip()


def _name(html: str) -> str:
    return _text(html).removesuffix(":").rstrip()


def _value(html: str) -> str:
    text = _text(html)
    value, dash, price = text.rpartition(" - ")
    return value.rstrip() if dash and _is_price(price) else text


def _is_price(text: str) -> bool:
    match = _SURCHARGE.fullmatch(text.strip())
    return match is not None and unicodedata.category(match[1]) == "Sc"


def _longer(option: LineOption, value: str) -> LineOption:
    return LineOption(name=option.name, value=f"{option.value}\n{value}".strip())
