"""The slow shop's channel: each page is asked for over a connection of its own."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, SecretStr

from hub_core import (
    CONTRACT_VERSION,
    Accepted,
    ChannelInfo,
    Cursor,
    Listing,
    ListingPage,
    OrderPage,
    Outcome,
    Poll,
    Record,
    StockChanges,
    Store,
    StoreIdentity,
    UnavailableError,
    Window,
    hookimpl,
)
from tests.toyshop.channel import read as read_order

HOLD = "hold"
"""The answer upon which the channel holds its loop."""


class SlowSettings(BaseModel):
    """Where the shop is."""

    port: int
    shop: str


class SlowCredentials(BaseModel):
    """What opens it."""

    password: SecretStr


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="slowshop",
        company="Slow Shop",
        description="A shop for tests.",
        contract_version=CONTRACT_VERSION,
        settings=SlowSettings,
        credentials=SlowCredentials,
        polls=(Poll.NEW,),
    )


async def _asked(store: Store, what: str, page: int) -> Any:
    """Ask the shop, and wait for its answer."""
    settings = store.settings_as(SlowSettings)
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.port)
    try:
        question = {"pid": os.getpid(), "shop": settings.shop, "what": what, "page": page}
        writer.write(json.dumps(question).encode() + b"\n")
        answer = await reader.readline()
    finally:
        writer.close()
    if not answer:
        raise UnavailableError("The slow shop hung up.")
    if (told := json.loads(answer)) == HOLD:
        time.sleep(3600)  # noqa: ASYNC251 - that is the fault
    return told


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    name = store.settings_as(SlowSettings).shop
    return StoreIdentity(key=name, name=name, currency="USD", timezone="UTC")


@hookimpl
async def fetch_orders(store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncGenerator[OrderPage, None]:
    page = cursor if isinstance(cursor, int) else 0
    while orders := await _asked(store, "orders", page):
        page += 1
        yield OrderPage([Record(order["id"], json.dumps(order).encode()) for order in orders], read_order, page)


@hookimpl
async def fetch_listings(store: Store, cursor: Cursor) -> AsyncGenerator[ListingPage, None]:
    sku = store.settings_as(SlowSettings).shop
    yield ListingPage([Record(sku, sku.encode())], _listing, 1)


def _listing(raw: bytes) -> list[Listing]:
    return [Listing(external_id=raw.decode(), sku=raw.decode(), stock=Decimal(100))]


@hookimpl
async def push_stock(store: Store, changes: Sequence[StockChanges]) -> AsyncGenerator[Sequence[Outcome], None]:
    await _asked(store, "stock", 0)
    yield [Accepted(each.listing) for group in changes for each in group.changes]
