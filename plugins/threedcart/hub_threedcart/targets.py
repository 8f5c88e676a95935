"""What a push is about: a product, or one of its variants."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from pydantic import JsonValue

_LISTING: Final = re.compile(r"([1-9][0-9]{0,17})(?:/(.+))?")


class Target(NamedTuple):
    """The product by its CatalogID, and the option code of the variant, if it is one."""

    catalog: int
    code: str = ""


class _Handle(msgspec.Struct):
    catalog: int
    code: str = ""


def target_of(listing: str, handle: JsonValue) -> Target | None:
    """Tell what is meant, by the *handle* that the listing bore, else by its name; None where neither says it."""
    try:
        held = msgspec.convert(handle, _Handle)
        return Target(held.catalog, held.code)
    except msgspec.ValidationError:
        named = _LISTING.fullmatch(listing)
    return Target(int(named[1]), named[2] or "") if named else None


def number(figure: Decimal) -> int | Decimal:
    """Write a whole figure as an integer, whatever digits it bears, and any other as it is."""
    rounded = figure.to_integral_value()
    return int(rounded) if rounded == figure else figure


def whole(figure: Decimal) -> int:
    """Round down, as the platform keeps whole units of variants."""
    return int(figure // 1)
