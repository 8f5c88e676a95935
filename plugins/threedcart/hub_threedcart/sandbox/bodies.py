"""Bodies of writes, read as strictly as the platform does; those of products altogether."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hub_core.testing.store import Key, Write
from hub_threedcart.sandbox.shop import ThreeDCartShop

MOST_PRODUCTS = 100
_LONGEST_TEXT = 255
_INTEGER_LIMIT = 2**31
_NUMBER_LIMIT = Decimal(10) ** 15


class BadBodyError(ValueError):
    """A body that is not what the service takes: it is refused as a whole."""


def product_list(shop: ThreeDCartShop, body: bytes) -> list[Write]:
    """Read the body of `PUT /Products`; each entry names its product by `CatalogID`, or else by `SKU`."""
    entries = parsed(body)
    if not isinstance(entries, list) or len(entries) > MOST_PRODUCTS:
        raise BadBodyError(f"a list of at most {MOST_PRODUCTS} entries")
    return [_of_product(shop, _info(members_of(entry))) for entry in entries]


def one_product(shop: ThreeDCartShop, number: int, body: bytes) -> list[Write]:
    """Read the body of `PUT /Products/{catalogid}`."""
    return [_of_product(shop, _info(members_of(parsed(body))) | {"catalogid": number})]


def option_list(shop: ThreeDCartShop, number: int, body: bytes) -> list[Write]:
    """Read the body of `PUT /Products/{catalogid}/AdvancedOptions`; each entry names its variant by its code."""
    entries = parsed(body)
    if not isinstance(entries, list):
        raise BadBodyError("a list")
    return [_of_variant(shop, number, members_of(entry)) for entry in entries]


def one_option(shop: ThreeDCartShop, number: int, code: str, body: bytes) -> list[Write]:
    """Read the body of `PUT /Products/{catalogid}/AdvancedOptions/{code}`."""
    return [_of_variant(shop, number, members_of(parsed(body)) | {"advancedoptioncode": code})]


def parsed(body: bytes) -> Any:
    """Read JSON."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise BadBodyError("JSON") from error


def _no_number(text: str) -> Any:
    raise BadBodyError(text)


def members_of(entry: Any) -> dict[str, Any]:
    """Take the members of an object; the platform matches their names case-blind."""
    if not isinstance(entry, dict):
        raise BadBodyError("an object")
    return {name.lower(): value for name, value in entry.items()}


def _info(entry: dict[str, Any]) -> dict[str, Any]:
    return members_of(entry.get("skuinfo", {}))


def _of_product(shop: ThreeDCartShop, info: dict[str, Any]) -> Write:
    values = _values(info, _OF_PRODUCT)
    if "catalogid" in info:
        number = whole_number(info["catalogid"])
        return _write(shop, str(number), (number, None), values)
    sku = str(values.pop("sku", ""))
    key = next((one for one in shop.goods.named(sku) if one[1] is None), None)
    return _write(shop, sku, key, values)


def _of_variant(shop: ThreeDCartShop, number: int, entry: dict[str, Any]) -> Write:
    code = entry.get("advancedoptioncode", "")
    if isinstance(code, bool) or not isinstance(code, str | int):
        raise BadBodyError("AdvancedOptionCode")
    known = str(code).isascii() and str(code).isdigit()
    return _write(shop, str(code), (number, int(code)) if known else None, _values(entry, _OF_VARIANT))


def _write(shop: ThreeDCartShop, named: str, key: Key | None, values: Mapping[str, Any]) -> Write:
    item = shop.goods.item(key) if key else None
    return Write(named, key if item else None, item.sku if item else "", values)


def _values(given: dict[str, Any], readers: Mapping[str, tuple[str, Callable[[Any], Any]]]) -> dict[str, Any]:
    """Read what shall change; what the sandbox does not keep is passed over."""
    return {field: read(given[name]) for name, (field, read) in readers.items() if name in given}


def _number(value: Any) -> Decimal:
    """Read a number, also one that is typed as a text."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise BadBodyError("a number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise BadBodyError("a number") from error
    if not number.is_finite() or abs(number) >= _NUMBER_LIMIT:
        raise BadBodyError("a number of a sensible size")
    return number


def whole_number(value: Any) -> int:
    """Read a whole number, which may not even be written with decimals."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _INTEGER_LIMIT:
        raise BadBodyError("a whole number")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadBodyError("true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise BadBodyError("a text")
    return value


_OF_PRODUCT: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "stock": ("stock", _number),
    "price": ("price", _number),
    "saleprice": ("sale_price", _number),
    "onsale": ("on_sale", _flag),
    "retailprice": ("retail_price", _number),
    "cost": ("cost", _number),
    "sku": ("sku", _text),
    "name": ("name", _text),
}
_OF_VARIANT: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "advancedoptionstock": ("stock", whole_number),
    "advancedoptionprice": ("price", _number),
    "advancedoptionsufix": ("sku", _text),
    "advancedoptionname": ("name", _text),
}
