"""The hooks by which the hub reaches 3DCart (Shift4Shop)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hub_core import (
    CONTRACT_VERSION,
    AuthorizationStep,
    CallbackAnswer,
    CallbackRequest,
    ChannelInfo,
    Connection,
    Cursor,
    Fulfilment,
    Hints,
    ListingPage,
    OrderPage,
    Outcome,
    Poll,
    PriceChange,
    StockChanges,
    Store,
    StoreIdentity,
    Subscription,
    Window,
    hookimpl,
)
from hub_threedcart import authorization, callbacks, listings, webhooks
from hub_threedcart.extras import SECRETS
from hub_threedcart.fulfilments import FulfilmentPush
from hub_threedcart.identity import identify
from hub_threedcart.logo import LOGO
from hub_threedcart.orders import OrderReads, mark_of
from hub_threedcart.prices import PricePush
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings, environment
from hub_threedcart.stock import StockPush
from hub_threedcart.writes import MOST


@hookimpl
def describe_channel() -> ChannelInfo:
    """Tell what the channel is and what it needs."""
    return ChannelInfo(
        key="threedcart",
        company="3DCart",
        description="Online shops on 3DCart, which is called Shift4Shop since 2020.",
        contract_version=CONTRACT_VERSION,
        settings=ThreeDCartSettings,
        credentials=ThreeDCartCredentials,
        application=ThreeDCartApplication,
        logo_svg=LOGO,
        rate_budgets=(environment().budget,),
        polls=(Poll.NEW, Poll.CHANGED, Poll.OPEN, Poll.SWEEP),
        stock_batch=MOST,
        price_batch=MOST,
        store_key=lambda settings: settings.store_key,
        scrub=SECRETS,
        scrub_parameters=("OrderKey",),
        environment=environment().told(),
    )


@hookimpl
async def begin_authorization(connection: Connection, return_url: str, state: str) -> AuthorizationStep:
    """Tell the merchant what to do."""
    return authorization.begin(connection, return_url, state)


@hookimpl
async def complete_authorization(connection: Connection, answer: dict[str, str]) -> ThreeDCartCredentials:
    """Make credentials of what the platform sent along when it sent the merchant back."""
    return await authorization.complete(connection, answer)


@hookimpl
async def receive_callback(connection: Connection, request: CallbackRequest) -> CallbackAnswer:
    """Read what is posted when a merchant adds or removes the app."""
    return callbacks.read(connection, request)


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    """Tell who the store is and which rights are missing."""
    return await identify(store)


@hookimpl
async def fetch_orders(store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncIterator[OrderPage]:
    """Yield the orders of *window* in pages."""
    async for page in OrderReads(store).pages(poll, window, mark_of(cursor)):
        yield page


@hookimpl
async def fetch_order(store: Store, external_id: str) -> OrderPage:
    """Give a page with that one order, or with none; a cart is none."""
    return await OrderReads(store).one(external_id)


@hookimpl
async def count_orders(store: Store, poll: Poll, window: Window) -> int | None:
    """Tell how many orders `fetch_orders` would find."""
    return await OrderReads(store).count(poll, window)


@hookimpl
async def subscribe_webhooks(store: Store, address: str) -> Subscription:
    """Ask for the webhooks of orders."""
    return await webhooks.subscribe(store, address)


@hookimpl
async def unsubscribe_webhooks(store: Store, subscription: Subscription) -> None:
    """Delete them."""
    await webhooks.unsubscribe(store, subscription)


@hookimpl
async def receive_webhook(request: CallbackRequest) -> Hints:
    """Say which order a delivery is about; nothing else of it is used."""
    return webhooks.read(request)


@hookimpl
async def fetch_listings(store: Store, cursor: Cursor) -> AsyncIterator[ListingPage]:
    """Yield all products, with their variants, in pages."""
    async for page in listings.pages(store, cursor):
        yield page


@hookimpl
async def push_stock(store: Store, changes: Sequence[StockChanges]) -> AsyncIterator[Sequence[Outcome]]:
    """Tell the stock of products and variants."""
    async for outcomes in StockPush(store).outcomes(changes):
        yield outcomes


@hookimpl
async def push_prices(store: Store, changes: Sequence[PriceChange]) -> AsyncIterator[Sequence[Outcome]]:
    """Tell the regular prices of products and variants."""
    async for outcomes in PricePush(store).outcomes(changes):
        yield outcomes


@hookimpl
async def push_fulfilments(store: Store, fulfilments: Sequence[Fulfilment]) -> AsyncIterator[Sequence[Outcome]]:
    """Tell the shipments of orders."""
    async for outcomes in FulfilmentPush(store).outcomes(fulfilments):
        yield outcomes
