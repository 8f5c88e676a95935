"""Items of a store, told and edited as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.goods import Key
from hub_core.testing.store.numbers import as_data, decimal_from, whole_from
from hub_core.testing.store.records import Product, Variant
from hub_core.testing.store.shop import Shop

_TOLD = ("sku", "name", "stock", "price", "sale_price", "on_sale", "retail_price")
_AMOUNTS = ("price", "sale_price", "retail_price")
_TEXTS = ("name", "rename")
_OF_VARIANTS = ("stock", "change", "price", "name", "rename")
_NAMING = ("sku", "product", "variant")
_KNOWN = (*_NAMING, "stock", "change", *_AMOUNTS, "on_sale", *_TEXTS)


def items_as_data(shop: Shop, sku: str | None = None) -> Iterator[dict[str, Any]]:
    """Tell all items, or those with this *sku*."""
    keys = None if sku is None else shop.goods.named(sku)
    for key, item in shop.goods.items() if keys is None else ((key, shop.goods.item(key)) for key in keys):
        if item is not None:
            yield item_as_data(key, item)


def item_as_data(key: Key, item: Product | Variant) -> dict[str, Any]:
    """Tell one item; a variant has no prices but its regular one."""
    told = {name: as_data(getattr(item, name)) for name in _TOLD if hasattr(item, name)}
    return {"product": key[0], "variant": key[1], **told}


def edit_item(shop: Shop, data: Mapping[str, Any]) -> Key:
    """Change an item as staff would: `stock` to a number, or by a `change`; prices; `name`; `rename` sets its SKU.

    It is named by its `sku`, or by `product` and `variant`. A variant's stock leaves that of its product alone.
    """
    unknown = [name for name in data if name not in _KNOWN]
    if unknown:
        raise SteeringError(f"A product has no {', '.join(unknown)} here, only {', '.join(_KNOWN)}.")
    key = _named(shop, data)
    shop.goods.write(key, _values(shop, key, data), shop.clock.now())
    return key


def _named(shop: Shop, data: Mapping[str, Any]) -> Key:
    if "product" in data:
        key = (whole_from("product", data["product"]), data.get("variant"))
        key = (key[0], None if key[1] is None else whole_from("variant", key[1]))
        if shop.goods.item(key) is None:
            raise SteeringError(f"This store has no product {data['product']} with that variant.")
        return key
    keys = shop.goods.named(str(data.get("sku", "")))
    if len(keys) != 1:
        raise SteeringError(f"{len(keys)} items here have the SKU {data.get('sku')!r}: name one by `product`.")
    return keys[0]


def _values(shop: Shop, key: Key, data: Mapping[str, Any]) -> dict[str, Any]:
    item = shop.goods.item(key)
    if isinstance(item, Variant):
        unfit = [name for name in data if name not in (*_NAMING, *_OF_VARIANTS)]
        if unfit:
            raise SteeringError(f"A variant has no {', '.join(unfit)} of its own.")
    values: dict[str, Any] = {name: decimal_from(name, data[name]) for name in _AMOUNTS if name in data}
    if "stock" in data or "change" in data:
        stock = decimal_from("stock", data.get("stock", item.stock if item else 0))
        stock += decimal_from("change", data.get("change", 0))
        values["stock"] = stock if key[1] is None else whole_from("stock", stock)
    if "on_sale" in data:
        values["on_sale"] = bool(data["on_sale"])
    if "name" in data:
        values["name"] = str(data["name"])
    if "rename" in data:
        values["sku"] = str(data["rename"])
    return values


def stock_of(shop: Shop, sku: str) -> Decimal:
    """Tell the present stock of the first item with this *sku*; raise KeyError where there is none."""
    keys = shop.goods.named(sku)
    item = shop.goods.item(keys[0]) if keys else None
    if item is None:
        raise KeyError(sku)
    return Decimal(item.stock)
