"""What the stock shop does with parcels: in three requests, of which the first cannot be repeated without harm."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from decimal import Decimal
from typing import Any

from hub_core import Accepted, Fulfilment, Order, Outcome, Refused, RetryLater, Store, UnavailableError
from tests.stockshop.shop import StockShop

ADDRESS: dict[str, Any] = {"last_name": "Fieldstone"}


async def told(store: Store, shop: StockShop, fulfilments: Sequence[Fulfilment]) -> AsyncGenerator[list[Outcome], None]:
    """Tell the shop, going on with what the orders show to be begun."""
    for one in fulfilments:
        if one.tracking_number in shop.refuses:
            yield [Refused(one.id, "The stock shop knows no such carrier.")]
        elif one.tracking_number in shop.delays:
            yield [RetryLater(one.id, "The stock shop packs.", shop.delays[one.tracking_number])]
        elif one.tracking_number not in shop.forgets:
            await _tell(store, shop, one)
            yield [Accepted(one.id)]


async def _tell(store: Store, shop: StockShop, one: Fulfilment) -> None:
    order = one.order
    parcel = {"external_id": one.tracking_number.lower(), "tracking_number": one.tracking_number, "status": "shipped"}
    if all(each.tracking_number != one.tracking_number for each in order.shipments):
        await _request(store, shop, "make", lambda: _make(shop, order, {**parcel, "method": one.carrier}))
    if any(_shipment(order, line.external_id) != parcel["external_id"] for line in one.lines):
        await _request(store, shop, "pack", lambda: _pack(shop, order, one, parcel["external_id"]))
    status = _status(order, one)
    if order.status != status:
        await _request(store, shop, "close", lambda: shop.edit(order.external_id, status=status))


def _shipment(order: Order, line: str) -> str | None:
    return next(each.shipment for each in order.lines if each.external_id == line)


async def _request(store: Store, shop: StockShop, what: str, do: Callable[[], None]) -> None:
    if shop.before_request is not None:
        await shop.before_request(len(shop.requests))
    await store.http._budget.take("default", 1)
    store.http.writes += 1
    cut = shop.cuts.pop(len(shop.requests), None)
    shop.requests.append(what)
    if cut == "before":
        raise UnavailableError("The stock shop did not answer.")
    do()
    if shop.after_request is not None:
        await shop.after_request(len(shop.requests) - 1)
    if cut == "after":
        raise UnavailableError("The stock shop's answer was lost.")


def _make(shop: StockShop, order: Order, parcel: dict[str, Any]) -> None:
    nothing = {"amount": "0", "currency": "USD"}
    shop.parcels.append((order.external_id, parcel["tracking_number"]))
    members = shop.members(order.external_id)
    shipments = members.get("also", {}).get("shipments", [])
    shop.edit(order.external_id, shipments=[*shipments, {**parcel, "address": ADDRESS, "cost": nothing}])


def _pack(shop: StockShop, order: Order, one: Fulfilment, parcel: str) -> None:
    members = shop.members(order.external_id)
    units = {line.external_id: line.quantity for line in one.lines}
    for line in members["lines"]:
        if line["id"] in units:
            line["shipped"] = str(Decimal(line.get("shipped", "0")) + units[line["id"]])
            line["shipment"] = parcel
    shop.edit(order.external_id, lines=members["lines"])


def _status(order: Order, one: Fulfilment) -> str:
    """Tell what the order is once this parcel is there as well."""
    parcel = one.tracking_number.lower()
    units = {line.external_id: line.quantity for line in one.lines if _shipment(order, line.external_id) != parcel}
    whole = all(line.shipped + units.get(line.external_id, 0) == line.quantity for line in order.lines)
    return "shipped" if whole else "partially_shipped"
