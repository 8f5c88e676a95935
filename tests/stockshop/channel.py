"""The stock shop's channel: orders as the toy shop's, listings page by page, and figures with outcomes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, SecretStr

from hub_core import (
    CONTRACT_VERSION,
    Accepted,
    CallbackRequest,
    ChannelInfo,
    Cursor,
    Fulfilment,
    Hints,
    Listing,
    ListingPage,
    OpenReceipt,
    OrderPage,
    Outcome,
    Poll,
    PriceChange,
    RateBudget,
    Record,
    Refused,
    RejectedError,
    RetryLater,
    StockChanges,
    Store,
    StoreIdentity,
    Submitted,
    Subscription,
    UnavailableError,
    Window,
    hookimpl,
    money,
)
from tests.stockshop import parcels
from tests.stockshop.shop import StockShop, Told, stock_shop_at
from tests.toyshop.channel import read as read_order

BATCH = 10
PARCELS = 1


class StockShopSettings(BaseModel):
    """Where the stock shop is."""

    shop: str


class StockShopCredentials(BaseModel):
    """What opens the stock shop."""

    password: SecretStr


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="stockshop",
        company="Stock Shop",
        description="A shop for tests.",
        contract_version=CONTRACT_VERSION,
        settings=StockShopSettings,
        credentials=StockShopCredentials,
        polls=(Poll.NEW, Poll.CHANGED),
        rate_budgets=(RateBudget(depth=1000, per_second=1000),),
        stock_batch=BATCH,
        price_batch=BATCH,
        fulfilment_batch=PARCELS,
    )


def _shop(store: Store) -> StockShop:
    return stock_shop_at(store.settings_as(StockShopSettings).shop)


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    shop = _shop(store)
    return StoreIdentity(key=shop.key, name=shop.name, currency=shop.currency, timezone=shop.timezone)


@hookimpl
async def fetch_orders(store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncGenerator[OrderPage, None]:
    shop = _shop(store)
    start = cursor if isinstance(cursor, int) else 0
    while True:
        shop.asked(poll, window, start)
        if shop.orders_fail is not None:
            raise shop.orders_fail
        rows = shop.found(poll, window)[start : start + shop.page_size]
        if not rows:
            return
        start += len(rows)
        yield OrderPage([Record(row.external_id, row.raw) for row in rows], read_order, start)


@hookimpl
async def fetch_order(store: Store, external_id: str) -> OrderPage:
    shop = _shop(store)
    shop.looked.append(external_id)
    if shop.orders_fail is not None:
        raise shop.orders_fail
    rows = [row for row in shop.orders.values() if row.external_id == external_id]
    return OrderPage([Record(row.external_id, row.raw) for row in rows], read_order, None)


@hookimpl
async def subscribe_webhooks(store: Store, address: str, secret: str) -> Subscription:
    shop = _shop(store)
    if shop.on_subscribe is not None:
        await shop.on_subscribe()
    await store.http._budget.take("default", 1)
    assert address.endswith(secret)
    shop.subscribed += 1
    number = shop.subscribed
    shop.hooks[number] = address
    return Subscription({"number": number}, shop.hooks_end)


@hookimpl
async def unsubscribe_webhooks(store: Store, subscription: Subscription) -> None:
    document: Any = subscription.document
    shop = _shop(store)
    if shop.on_subscribe is not None:
        await shop.on_subscribe()
    del shop.hooks[document["number"]]


@hookimpl
async def receive_webhook(store: Store, request: CallbackRequest) -> Hints:
    await store.http._budget.take("default", 1)
    told = json.loads(request.body)
    return Hints(
        orders=tuple(told.get("orders", ())),
        any_orders=told.get("any_orders", False),
        listings=told.get("listings", False),
        body=b"thanks",
    )


@hookimpl
async def fetch_listings(store: Store, cursor: Cursor) -> AsyncGenerator[ListingPage, None]:
    shop = _shop(store)
    start = cursor if isinstance(cursor, int) else 0
    shop.reads += start == 0
    while True:
        if shop.before_listings is not None:
            await shop.before_listings(start)
        texts = [(key, article.raw) for key, article in shop.articles.items()]
        texts = [(key, shop.broken.get(key, raw)) for key, raw in texts][start : start + shop.page_size]
        if not texts:
            return
        start += len(texts)
        yield ListingPage([Record(key, raw) for key, raw in texts], read_listing, start)


def read_listing(raw: bytes) -> list[Listing]:
    """Make a listing of an article's text."""
    try:
        told: dict[str, Any] = json.loads(raw)
    except ValueError as error:
        raise RejectedError("The article is not readable.") from error
    return [
        Listing(
            external_id=told["external_id"],
            sku=told["sku"],
            name=f"Article {told['external_id']}",
            parent=told["parent"],
            handle={"key": told["external_id"]},
            fractions=told["fractions"],
            stock=None if told["stock"] is None else Decimal(told["stock"]),
            price=None if told["price"] is None else money(Decimal(told["price"]), told["currency"]),
        )
    ]


@hookimpl
async def push_stock(store: Store, changes: Sequence[StockChanges]) -> AsyncGenerator[Sequence[Outcome], None]:
    shop = _shop(store)
    shop.siblings += [{each.listing: each.units for each in group.siblings} for group in changes if group.parent]
    wanted = {each.listing: each.units for group in changes for each in group.changes}
    yield await _told(store, shop, "stock", wanted)


@hookimpl
async def push_prices(store: Store, changes: Sequence[PriceChange]) -> AsyncGenerator[Sequence[Outcome], None]:
    yield await _told(store, _shop(store), "price", {each.listing: each.price.amount for each in changes})


async def _told(store: Store, shop: StockShop, what: str, wanted: dict[str, Decimal]) -> list[Outcome]:
    if shop.before_push is not None:
        await shop.before_push()
    if shop.asks:
        await store.http._budget.take("default", 1)
        store.http.writes += 1
    shop.calls += 1
    if shop.dies:
        shop.dies -= 1
        raise UnavailableError("The stock shop is closed.")
    outcomes = [_outcome(shop, what, listing, figure) for listing, figure in wanted.items()]
    if shop.before_answer is not None:
        await shop.before_answer()
    if shop.loses:
        shop.loses -= 1
        raise UnavailableError("The stock shop's answer was lost.")
    return outcomes


def _outcome(shop: StockShop, what: str, listing: str, figure: Decimal) -> Outcome:
    if listing in shop.refuses:
        return Refused(listing, "The stock shop does not like it.")
    if listing in shop.delays:
        return RetryLater(listing, "The stock shop is busy.", shop.delays[listing])
    shop.told.append(Told(listing, figure, shop.calls))
    if listing in shop.promises:
        shop.pending[listing] = (what, figure)
        return Submitted(listing, {"ticket": f"{listing}-{shop.calls}"})
    setattr(shop.articles[listing], what, figure)
    return Accepted(listing)


@hookimpl
async def push_fulfilments(store: Store, fulfilments: Sequence[Fulfilment]) -> AsyncGenerator[Sequence[Outcome], None]:
    async for outcomes in parcels.told(store, _shop(store), fulfilments):
        yield outcomes


@hookimpl
async def settle(store: Store, receipts: Sequence[OpenReceipt]) -> AsyncGenerator[Sequence[Outcome], None]:
    shop = _shop(store)
    outcomes: list[Outcome] = []
    for receipt in receipts:
        if shop.settles and receipt.listing in shop.pending:
            what, figure = shop.pending.pop(receipt.listing)
            setattr(shop.articles[receipt.listing], what, figure)
            outcomes.append(Accepted(receipt.listing))
    yield outcomes
