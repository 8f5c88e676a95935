"""The contract: what the core asks a channel, and what it tells it.

A channel can do exactly what it implements. The imperative (`fetch_orders`) asks and needs an answer. Arguments are
passed by name; an implementation may leave out those it does not need and gives none a default. All hooks but
`describe_channel` are async; those that yield pages are async generators. An error of `hub_core` says what the hub
does next (see `hub_core.domain.errors`); any other exception is the plugin's fault.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pluggy
from pydantic import BaseModel

from hub_core.channels.callbacks import CallbackAnswer, CallbackRequest
from hub_core.channels.listing_pages import ListingPage
from hub_core.channels.pages import Cursor, OrderPage
from hub_core.channels.store import Connection, Store
from hub_core.domain.channels import AuthorizationStep, ChannelInfo
from hub_core.domain.events import Event
from hub_core.domain.fulfilments import Fulfilment
from hub_core.domain.integrations import Flow, IntegrationChange, StoreIdentity
from hub_core.domain.polls import Poll, Window
from hub_core.domain.pushes import OpenReceipt, Outcome, PriceChange, StockChanges
from hub_core.domain.webhooks import Hints, Subscription

hookspec = pluggy.HookspecMarker("hub")
hookimpl = pluggy.HookimplMarker("hub")


class DescribeSpecs(Protocol):
    """Saying what the channel is."""

    @hookspec
    def describe_channel(self) -> ChannelInfo:
        """Tell what the channel is and what it needs. Called once, at loading; must not do any I/O."""


class AuthSpecs(Protocol):
    """Being let in."""

    @hookspec
    async def begin_authorization(self, connection: Connection, return_url: str, state: str) -> AuthorizationStep:
        """Tell the merchant what to do, and where to go if the platform lets him in by a redirect.

        A redirect comes back to *return_url* and must carry *state*. A channel whose credentials are simply typed in
        need not implement this.
        """

    @hookspec
    async def complete_authorization(self, connection: Connection, answer: dict[str, str]) -> BaseModel:
        """Turn the *answer* of a redirect (its query parameters) into credentials of the declared model.

        Raises AuthorizationError where the merchant or the platform said no.
        """

    @hookspec
    async def renew_credentials(self, store: Store) -> BaseModel:
        """Get fresh credentials for those that *store* bears, which expire soon or are refused; may have `expires_at`.

        Only one process at a time asks for them, and the hub keeps them before they are used. Raises
        AuthorizationError where the platform wants the merchant to let the hub in anew.
        """

    @hookspec
    async def receive_callback(self, connection: Connection, request: CallbackRequest) -> CallbackAnswer:
        """Read what was posted to the hub's callback address: which stores let it in, which no longer do.

        Nobody has vouched for *request* but by knowing the address. The hub tries every grant at the store, and looks
        up every revocation, before it believes them. *connection* has no settings, since no store is known yet.
        """

    @hookspec
    async def check_store(self, store: Store) -> StoreIdentity:
        """Tell who the store is and which rights are missing, by requests that change nothing.

        Raises AuthorizationError where the credentials are not accepted.
        """


class OrderSpecs(Protocol):
    """Taking orders in."""

    @hookspec
    def fetch_orders(self, store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncIterator[OrderPage]:
        """Yield the orders of *window* in pages, to its end; with a *cursor*, go on after the page that bore it.

        Orders may be inserted, changed or removed between two pages: each that was there all the time must be
        yielded, some may be yielded twice. Raises CursorExpiredError where the window must start again.
        """

    @hookspec
    async def fetch_order(self, store: Store, external_id: str) -> OrderPage:
        """Give a page with that one order, or with none if the store no longer holds it."""

    @hookspec
    async def count_orders(self, store: Store, poll: Poll, window: Window) -> int | None:
        """Tell how many orders `fetch_orders` would find, or None where the store cannot say."""


class ListingSpecs(Protocol):
    """Knowing what the store offers."""

    @hookspec
    def fetch_listings(self, store: Store, cursor: Cursor) -> AsyncIterator[ListingPage]:
        """Yield all that the store offers in pages, to the end; with a *cursor*, go on after the page that bore it.

        What was there all the time must be yielded, maybe twice: the hub takes for gone what a complete read lacks.
        Raises CursorExpiredError where the read must start again.
        """


class PushSpecs(Protocol):
    """Telling the store. Figures are absolute: sent twice, they change nothing.

    Each hook yields outcomes as the store gives them, all that one answer tells at once, and one for every change in
    the end. Where the store's answer is lost, it raises (UnavailableError): what has no outcome yet is sent again.
    """

    @hookspec
    def push_stock(self, store: Store, changes: Sequence[StockChanges]) -> AsyncIterator[Sequence[Outcome]]:
        """Tell the store how many units of its listings it may sell; at most `ChannelInfo.stock_batch` at a time."""

    @hookspec
    def push_prices(self, store: Store, changes: Sequence[PriceChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Tell the store the regular prices of its listings; at most `ChannelInfo.price_batch` at a time."""

    @hookspec
    def settle(self, store: Store, receipts: Sequence[OpenReceipt]) -> AsyncIterator[Sequence[Outcome]]:
        """Ask what became of what was submitted; Submitted, or nothing, says that it is still open."""


class FulfilmentSpecs(Protocol):
    """Telling the store what is on its way. Each parcel once: it can be neither sent twice without harm, nor undone."""

    @hookspec
    def push_fulfilments(self, store: Store, fulfilments: Sequence[Fulfilment]) -> AsyncIterator[Sequence[Outcome]]:
        """Tell the store of parcels, one request after the other, and yield Accepted, Refused or RetryLater for each.

        Outcomes name a fulfilment by its `id`. `Refused` says that nothing of it stands in the store. Where something
        does, or nobody knows, raise: the hub reads the order (`fetch_order`, which is needed for this) before it asks
        again, and hands it over. Whatever `Fulfilment.order` shows to be done must not be done again, so that steps
        that were cut short are gone on with; a step that cannot be repeated comes first, and leaves the tracking number
        where the order shows it.
        """


class HintSpecs(Protocol):
    """Being told by the store that something is worth a look. The hub reads that itself, and polls all the same."""

    @hookspec
    async def subscribe_webhooks(self, store: Store, address: str, secret: str) -> Subscription:
        """Ask the store to tell what happens to orders, and to listings if it can, by requests to *address*.

        The address holds *secret*, which tells the store from others; a platform that signs may sign with it. Called
        again before the subscription expires, and where the hub does not know what became of an earlier call: what is
        subscribed at *address* already is to be used again.
        """

    @hookspec
    async def unsubscribe_webhooks(self, store: Store, subscription: Subscription) -> None:
        """End what `subscribe_webhooks` gave; what is not there any more is no error."""

    @hookspec
    async def receive_webhook(self, store: Store, request: CallbackRequest, secret: str) -> Hints:
        """Say what a request to the address hints at, quickly: the platform waits.

        Whoever sent it has known the address; where *request* is signed, an implementation checks that with *secret*.
        """


class LifecycleSpecs(Protocol):
    """Hearing what becomes of an integration."""

    @hookspec
    async def integration_changed(self, store: Store, change: IntegrationChange, flow: Flow | None) -> None:
        """Hear of a *change*, of one *flow* or the whole, after it was made; a failure changes nothing.

        *store* bears the credentials of a removed integration a last time; the hub destroys them after this.
        """


class ObserverSpecs(Protocol):
    """Hearing of everything that happens: what an observer brings, which is a plugin of its own kind, no channel."""

    @hookspec
    async def event_recorded(self, event: Event) -> None:
        """Hear of an *event* after it was committed, in order; after a crash maybe once more.

        The answer is ignored. One that fails, or takes longer than five seconds, is not told that event again.
        """


OBSERVER_SPECS = (ObserverSpecs,)

SPECS = (DescribeSpecs, AuthSpecs, OrderSpecs, ListingSpecs, PushSpecs, FulfilmentSpecs, HintSpecs, LifecycleSpecs)

CAPABILITIES = {
    "orders": "fetch_orders",
    "listings": "fetch_listings",
    "stock": "push_stock",
    "prices": "push_prices",
    "fulfilment": "push_fulfilments",
}
"""Which hook makes a channel capable of what; each is a flow of the same name."""

REQUIRED = ("describe_channel", "check_store")
