"""Parsing JSON objects into what comes over the wire, tolerantly, and saying where that is not possible."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from hub_core import RejectedError
from hub_threedcart.product_wire import WireOption, WireSku, WireVariant
from hub_threedcart.wire import (
    WireItem,
    WireMerchantInformation,
    WireOrder,
    WirePromotion,
    WireShipment,
    WireStandards,
    WireStatus,
    WireStoreInformation,
    WireTransaction,
)

Tree = dict[str, Any]
"""A JSON object as it came: numbers with a point are Decimals."""

Wire = TypeVar("Wire", bound=msgspec.Struct)

_trees: Final = msgspec.json.Decoder(float_hook=lru_cache(maxsize=4096)(Decimal))  # few figures make up most orders


def tree_of(text: bytes) -> Tree:
    """Parse one object. Raises RejectedError where the text is none."""
    try:
        tree = _trees.decode(text)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise RejectedError(f"The shop sent a text that is no JSON: {error}.") from error
    if not isinstance(tree, dict):
        raise RejectedError("The shop sent something else than a JSON object.")
    return tree


def read_as(kind: type[Wire], tree: Tree) -> Wire:
    """Give the members of *tree* that *kind* has. Raises RejectedError, with the place, where one is unusable."""
    try:
        return msgspec.convert(tree, kind, strict=False)
    except msgspec.ValidationError:
        pass
    try:
        return msgspec.convert(_tidied(tree), kind, strict=False)
    except msgspec.ValidationError as error:
        raise RejectedError(f"A member that the shop sent cannot be used: {error}.") from error


def place_of_nonsense(value: Any, place: str = "$") -> str | None:
    """Find the first figure that is none or that nobody could mean, such as NaN; None where there is none."""
    pairs = value.items() if isinstance(value, dict) else ()
    inner = [(f"{place}.{name}", name, one) for name, one in pairs]
    if isinstance(value, list):
        inner = [(f"{place}[{index}]", "", one) for index, one in enumerate(value)]
    for where, name, one in inner:
        found = where if name in _FIGURES and not _is_sane(one) else place_of_nonsense(one, where)
        if found:
            return found
    return None


def _is_sane(value: Any) -> bool:
    try:
        return abs(Decimal(value or 0)) < _LARGEST_FIGURE
    except (ArithmeticError, ValueError, TypeError):
        return False


def _tidied(value: Any) -> Any:
    """Take out what stands for nothing, and give each number and flag the form that its member has elsewhere."""
    if isinstance(value, dict):
        return {name: _formed(name, inner) for name, inner in value.items() if inner is not None and inner != ""}
    return [_tidied(inner) for inner in value] if isinstance(value, list) else value


def _formed(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return _tidied(value)
    if name in _TEXTS:
        return value if isinstance(value, str) else str(value)
    if name in _INTEGERS and isinstance(value, bool | Decimal | str):
        return _whole(value)
    return value


def _whole(value: bool | Decimal | str) -> Any:  # noqa: FBT001 - a flag as the platform sent it
    """Make an integer of what is one in another dress; all else stays, so that it is refused with its place."""
    try:
        figure = Decimal(value)
        return int(figure) if abs(figure) < _LARGEST_ID and figure == int(figure) else value
    except ArithmeticError:
        return value


_LARGEST_ID: Final = 10**18
_LARGEST_FIGURE: Final = 10**15


def _names(kind: type, *structs: type[msgspec.Struct]) -> frozenset[str]:
    fields = (field for struct in structs for field in msgspec.structs.fields(struct))
    return frozenset(field.encode_name for field in fields if field.type in (kind, kind | None))


_STRUCTS: Final = (WireOrder, WireItem, WireShipment, WireTransaction, WirePromotion, WireStatus)
_PRODUCTS: Final = (WireSku, WireVariant, WireOption)
_SETTINGS: Final = (WireStoreInformation, WireMerchantInformation, WireStandards)
_TEXTS: Final = _names(str, *_STRUCTS, *_PRODUCTS, *_SETTINGS)
_INTEGERS: Final = _names(int, *_STRUCTS, *_PRODUCTS)
_FIGURES: Final = _names(Decimal, *_STRUCTS)
