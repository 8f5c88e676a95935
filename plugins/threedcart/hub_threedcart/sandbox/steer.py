"""What happens at a store between two requests: orders come in, are edited, sent, cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub_core.testing.store import Sale, SteeringError, Trade, Wish
from hub_core.testing.store.baskets import wished
from hub_threedcart.sandbox.lines import lines_of
from hub_threedcart.sandbox.orders import OFFLINE, order_members, order_record, us_date
from hub_threedcart.sandbox.shop import ThreeDCartShop
from hub_threedcart.sandbox.spelling import stamp
from hub_threedcart.sandbox.statuses import CART, SHIPPED, status_id, status_word
from hub_threedcart.sandbox.trading import trade


def stock_up(shop: ThreeDCartShop, count: int, days: float) -> None:
    """Fill the store with *count* orders of the last *days*."""
    for sale in Trade(shop.dice, shop.goods, shop.clock.now).history(count, days):
        _keep(shop, _next_order(shop), sale, Wish(), past=True)


def place(shop: ThreeDCartShop, wish: Wish) -> int:
    """Let an order come in now; one in five began as a cart long ago, and has a low OrderID."""
    if wish.key is not None and wish.key in shop.orders:
        raise SteeringError(f"There is an order {wish.key} already; PATCH changes it.")
    state = status_word("new" if wish.status is None else wish.status)
    trade = Trade(shop.dice, shop.goods, shop.clock.now)
    placed_at = _moment(shop, wish.placed_at)
    sale = trade.sale(placed_at, state, wished(wish.lines, shop.goods))
    spare = shop.numbers.spare_orders
    from_cart = spare and shop.dice.hits(0.2)
    key = wish.key or (spare.pop(shop.dice.randrange(len(spare))) if from_cart else _next_order(shop))
    _keep(shop, key, sale, wish)
    return key


def edit(shop: ThreeDCartShop, key: int, wish: Wish) -> None:
    """Change an order as staff would; raise KeyError where there is none."""
    record = shop.orders.get(key)
    if record is None:
        raise KeyError(key)
    members: dict[str, Any] = json.loads(record.text)
    was_cart = members.get("OrderStatusID") == CART
    now = stamp(shop.clock.wall())
    if wish.lines:
        _replace_lines(shop, members, wish)
    if wish.status is not None:
        _move(shop, members, wish)
    if wish.placed_at or (was_cart and wish.status is not None):
        members["OrderDate"] = stamp(shop.clock.wall(_moment(shop, wish.placed_at)))
        members["BillingPaymentMethod"] = members.get("BillingPaymentMethod") or OFFLINE
    if not was_cart:  # what becomes of a cart keeps the cart's time
        members["LastUpdate"] = now
    put(shop, key, members, wish)


def _next_order(shop: ThreeDCartShop) -> int:
    """Hand out the next OrderID; some carts in between are still open."""
    numbers = shop.numbers
    for _ in range(shop.dice.choice((0, 0, 1, 3))):
        numbers.spare_orders.append(numbers.take("order"))
    return numbers.take("order")


def _moment(shop: ThreeDCartShop, wanted: datetime | None) -> datetime:
    if wanted is None:
        return shop.clock.now()
    return wanted if wanted.tzinfo else shop.clock.moment(wanted)


def _keep(shop: ThreeDCartShop, key: int, sale: Sale, wish: Wish, *, past: bool = False) -> None:
    members = order_members(shop, key, sale)
    if isinstance(wish.status, int):  # an id that no word stands for
        for status in (members, *members["ShipmentList"]):
            name = "OrderStatusID" if status is members else "ShipmentOrderStatus"
            status[name] = wish.status
    put(shop, key, members, wish, past=past)


def put(shop: ThreeDCartShop, key: int, members: dict[str, Any], wish: Wish, *, past: bool = False) -> None:
    """Keep an order in place of what it was, with what *wish* says of its members; its goods move, unless it is old."""
    members |= wish.members or {}
    for name in wish.missing:
        members.pop(name, None)
    record = order_record(key, members)
    old = shop.orders.get(key)
    if not past:  # what was sold in the past is not in stock any more
        trade(shop, json.loads(old.text) if old else None, members)
    if old:  # a time that cannot be read any more is still known to the store itself
        facets = record.facets
        record.facets = replace(
            facets, placed=facets.placed or old.facets.placed, updated=facets.updated or old.facets.updated
        )
    shop.orders.put(record)


def _move(shop: ThreeDCartShop, members: dict[str, Any], wish: Wish) -> None:
    status = status_id(wish.status if wish.status is not None else 1)
    members["OrderStatusID"] = status
    for shipment in rows(members, "ShipmentList"):
        shipment["ShipmentOrderStatus"] = status
        shipment["ShipmentLastUpdate"] = stamp(shop.clock.wall())
        if status == SHIPPED and not shipment.get("ShipmentShippedDate"):
            shipment["ShipmentShippedDate"] = us_date(shop.clock.wall())
            shipment["ShipmentTrackingCode"] = wish.tracking or shop.dice.digits(22)


def _replace_lines(shop: ThreeDCartShop, members: dict[str, Any], wish: Wish) -> None:
    sold = wished(wish.lines, shop.goods)
    sale = replace(Trade(shop.dice, shop.goods, shop.clock.now).sale(shop.clock.now(), "new", sold), lines=sold)
    shipments = [row["ShipmentID"] for row in rows(members, "ShipmentList")] or [0]
    members["OrderItemList"] = lines_of(shop, sale, shipments)
    costs = [row.get("ShipmentCost", 0) for row in rows(members, "ShipmentList")]
    taxes = [members.get(name, 0) for name in ("SalesTax", "SalesTax2", "SalesTax3")]
    total = sum((line.total for line in sold), Decimal(0)) + _sum(costs) + _sum(taxes)
    members["OrderAmount"] = float(total - _sum([members.get("OrderDiscount", 0)]))


def rows(members: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Give the list that an order has under a name; raise SteeringError where it is broken."""
    found = members.get(name)
    if not isinstance(found, list):
        raise SteeringError(f"This order's {name} is broken: it can only be changed through `members`.")
    return found


def _sum(numbers: Iterable[float]) -> Decimal:
    return sum((Decimal(str(number)) for number in numbers), Decimal(0))
