"""What orders do to the stock of a 3DCart store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hub_core.testing.store import Key
from hub_threedcart.sandbox.shop import ThreeDCartShop
from hub_threedcart.sandbox.statuses import CANCELLED, CART


def trade(shop: ThreeDCartShop, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """Move the stock by what an order takes now and did not take *before* (None: it is new)."""
    moves: dict[Key, Decimal] = defaultdict(Decimal)
    for key, quantity in _taken(shop, before or {}).items():
        moves[key] += quantity
    for key, quantity in _taken(shop, after).items():
        moves[key] -= quantity
    shop.goods.move(moves)


def _taken(shop: ThreeDCartShop, members: Mapping[str, Any]) -> Mapping[Key, Decimal]:
    """Count what an order takes: nothing as a cart, nothing once cancelled (unless the store does not restock).

    Of a bundle its parts are taken, which stand on lines of their own. Lines that are broken take nothing.
    """
    taken: dict[Key, Decimal] = defaultdict(Decimal)
    lines = members.get("OrderItemList")
    idle = (CART, CANCELLED) if shop.restock else (CART,)
    if members.get("OrderStatusID") in idle or not isinstance(lines, list):
        return taken
    for line in lines:
        if isinstance(line, dict) and isinstance(line.get("CatalogID"), int) and not line.get("ItemCatalogIDOptions"):
            taken[_key(shop, line)] += _quantity(line)
    return taken


def _key(shop: ThreeDCartShop, line: Mapping[str, Any]) -> Key:
    options = str(line.get("ItemOptions") or "").strip(", ")
    variant = (line["CatalogID"], int(options)) if options.isdecimal() else None
    return variant if variant and shop.goods.item(variant) else (line["CatalogID"], None)


def _quantity(line: Mapping[str, Any]) -> Decimal:
    try:
        quantity = Decimal(str(line.get("ItemQuantity")))
    except InvalidOperation:
        return Decimal(0)
    return quantity if quantity.is_finite() else Decimal(0)
