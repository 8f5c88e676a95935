"""The toy shop's channel: every hook in a few lines, over a shop that lives in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from hub_core import (
    CONTRACT_VERSION,
    Address,
    AuthorizationError,
    Buyer,
    ChannelInfo,
    ChannelStatus,
    Cursor,
    IntegrationChange,
    Order,
    OrderLine,
    OrderPage,
    OrderStatus,
    Poll,
    Record,
    RejectedError,
    Store,
    StoreIdentity,
    Window,
    hookimpl,
    money,
)
from hub_core.domain.orders import FulfilledBy
from tests.toyshop.shop import Shop, shop_at


class ToySettings(BaseModel):
    """Where the toy shop is."""

    shop: str = Field(title="Shop", description="the name of the shop", pattern="^[a-z0-9-]+$")
    timezone: str | None = None


class ToyCredentials(BaseModel):
    """What opens the toy shop."""

    password: SecretStr = Field(title="Password")


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="toyshop",
        company="Toy Shop",
        description="A shop for tests.",
        contract_version=CONTRACT_VERSION,
        settings=ToySettings,
        credentials=ToyCredentials,
        polls=tuple(Poll),
    )


def _shop(store: Store) -> Shop:
    shop = shop_at(store.settings_as(ToySettings).shop)
    if store.credentials_as(ToyCredentials).password.get_secret_value() != shop.password:
        raise AuthorizationError("The toy shop does not know this password.")
    return shop


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    shop = _shop(store)
    return StoreIdentity(key=shop.key, name=shop.name, currency=shop.currency, timezone=shop.timezone)


@hookimpl
async def fetch_orders(store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncGenerator[OrderPage, None]:
    start = cursor if isinstance(cursor, int) else 0
    shop = _shop(store)
    while True:
        shop.asked(poll, window, start)
        rows = shop.found(poll, window)[start : start + shop.page_size]
        if not rows:
            return
        start += len(rows)
        yield OrderPage([Record(row.external_id, row.raw) for row in rows], read, start)
        _shop(store)


@hookimpl
async def fetch_order(store: Store, external_id: str) -> OrderPage:
    rows = [row for row in _shop(store).orders.values() if row.external_id == external_id]
    return OrderPage([Record(row.external_id, row.raw) for row in rows], read, None)


@hookimpl
async def count_orders(store: Store, poll: Poll, window: Window) -> int:
    return len(_shop(store).found(poll, window))


@hookimpl
async def integration_changed(store: Store, change: IntegrationChange) -> None:
    shop = _shop(store)
    shop.heard.append(change)
    if shop.on_change is not None:
        await shop.on_change()


def read(raw: bytes) -> Order:
    """Make an order of the toy shop's text."""
    try:
        told: dict[str, Any] = json.loads(raw, parse_float=Decimal)
        return _order(told)
    except (ValueError, KeyError, TypeError) as error:
        raise RejectedError(f"not readable: {error!r}") from error


def _order(told: dict[str, Any]) -> Order:
    currency = told.get("currency", "USD")
    lines = tuple(
        OrderLine(
            external_id=str(line["id"]),
            sku=line.get("sku"),
            listing=line.get("listing"),
            name=line.get("name", ""),
            quantity=Decimal(line["quantity"]),
            cancelled=Decimal(line.get("cancelled", 0)),
            shipped=Decimal(line.get("shipped", 0)),
            bundle_parent=line.get("bundle_parent"),
            shipment=line.get("shipment"),
            fulfilled_by=FulfilledBy(line.get("fulfilled_by", "merchant")),
            unit_price=money(Decimal(line["price"]), currency),
            total=money(Decimal(line["price"]) * Decimal(line["quantity"]), currency),
        )
        for line in told["lines"]
    )
    total = money(sum((line.total.amount for line in lines), Decimal(0)), currency)
    nothing = money(Decimal(0), currency)
    order = Order(
        external_id=str(told["id"]),
        number=str(told.get("number", told["id"])),
        status=OrderStatus(told.get("status", "open")),
        channel_status=ChannelStatus(id=told.get("status", "open")),
        placed_at=datetime.fromisoformat(told["placed_at"]),
        updated_at=datetime.fromisoformat(told.get("updated_at", told["placed_at"])),
        total=total,
        subtotal=total,
        discount=nothing,
        shipping=nothing,
        tax=nothing,
        buyer=Buyer(name=told.get("buyer", "")),
        billing_address=Address(),
        lines=lines,
    )
    return Order.model_validate(order.model_dump() | told["also"]) if "also" in told else order
