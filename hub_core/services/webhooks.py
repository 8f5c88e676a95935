"""What stores tell by themselves: hints to look, never trusted as data. Polls go on all the same."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hub_core.channels.dispatch import ask
from hub_core.domain.errors import FlowClosedError, HubError, NotFoundError, VaultError
from hub_core.domain.integrations import Flow
from hub_core.domain.urgency import Urgency
from hub_core.domain.webhooks import Hints
from hub_core.services.complaints import Complaints
from hub_core.services.handles import Handles
from hub_core.services.noting import Noting
from hub_core.services.unsubscribing import unsubscribe
from hub_core.storage.flows import FlowRepository
from hub_core.storage.hints import HintRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.seals import of_webhooks
from hub_core.storage.searches import SearchRepository
from hub_core.storage.webhooks import WebhookRepository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.channels.callbacks import CallbackRequest
    from hub_core.channels.channel import Channel
    from hub_core.domain.webhooks import Subscription
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.webhooks import SubscriptionRow

LISTINGS_EVERY: Final = timedelta(minutes=5)
"""A whole read of what a store offers is begun no more often than this for hints."""
EARLY: Final = timedelta(hours=6)
"""How long before it ends a subscription is made anew, but at the earliest when half of its time is over."""
_SUBSCRIBE_SECONDS: Final = 60.0
_READ_SECONDS: Final = 5.0
_AT_ONCE: Final = 5
_LONGEST_WAIT: Final = timedelta(hours=6)
_UNKNOWN: Final = "There is nothing at this address."


def reachable(public_url: str) -> bool:
    """Tell whether stores may reach the hub there: not at an address of this machine alone."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
    return not (address.is_loopback or address.is_unspecified)


class Webhooks:
    """Subscribes at stores and hears them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handles = Handles(parts)
        self._complaints = Complaints(parts.clock)
        self._noting = Noting(parts.database, self._look)

    async def keep_subscribed(self) -> None:
        """Subscribe where that is lacking, or ends soon, for integrations that work; a failure is noted with them."""
        able = [
            key for key, channel in self._parts.channels.channels.items() if channel.implements("subscribe_webhooks")
        ]
        if not able or not reachable(self._parts.public_url):
            return
        due = await self._parts.database.read(
            lambda connection: self._rows(connection).due(able, self._parts.public_url)
        )
        await asyncio.gather(*(self._keep(one) for one in due[:_AT_ONCE]))

    async def _keep(self, integration_id: int) -> None:
        sealed = self._parts.vault.encrypt(secrets.token_urlsafe(32), of_webhooks(integration_id))

        def claim(connection: Connection) -> tuple[IntegrationRow | None, SubscriptionRow | None]:
            row = IntegrationRepository(connection).get(integration_id)
            works = row is not None and row.standing.works
            return row, self._rows(connection).claim(integration_id, sealed, self._parts.public_url) if works else None

        row, kept = await self._parts.database.write(claim)
        if row is None or kept is None:
            return
        try:
            await self._subscribe(row, kept)
        except FlowClosedError:
            return  # switched off meanwhile; when it works again, the turn is over
        except HubError as error:
            wait = min(timedelta(minutes=1) * 2 ** min(kept.failures, 10), _LONGEST_WAIT)
            sentence = str(error)
            await self._parts.database.write(
                lambda connection: self._rows(connection).fail(integration_id, sentence, wait)
            )

    async def _subscribe(self, row: IntegrationRow, kept: SubscriptionRow) -> None:
        channel = self._parts.channels.channel(row.channel)
        secret, sealed = self._readable(kept)
        address = f"{self._parts.public_url}/webhooks/{row.id}/{secret}"
        # Kept before it is told: a store that calls at once must be known.
        changed = {"secret": sealed, "public_url": self._parts.public_url}
        flow = await self._open_flow(row)
        async with self._handles.store(channel, row, flow=flow) as store:
            await self._parts.database.write(lambda connection: self._rows(connection).readdress(row.id, **changed))
            given = {"store": store, "address": address, "secret": secret}
            made = await ask(channel, "subscribe_webhooks", deadline=_SUBSCRIBE_SECONDS, **given)
            due_at = self._renewed_at(made)
            stays = await self._parts.database.write(
                lambda connection: self._rows(connection).keep(row.id, made, due_at)
            )
            if not stays:
                await unsubscribe(channel, row, store, made)
            elif kept.subscription is not None and kept.subscription.document != made.document:
                await unsubscribe(channel, row, store, kept.subscription)

    def _readable(self, kept: SubscriptionRow) -> tuple[str, str]:
        """Give the secret, plain and sealed; another one where it cannot be read for want of its key."""
        owner = of_webhooks(kept.integration_id)
        try:
            return self._parts.vault.decrypt(kept.secret, owner), kept.secret
        except VaultError:
            secret = secrets.token_urlsafe(32)
            return secret, self._parts.vault.encrypt(secret, owner)

    async def _open_flow(self, row: IntegrationRow) -> Flow:
        """Give a flow that is open, by which requests leave only while it is. Raises FlowClosedError."""
        states = await self._parts.database.read(
            lambda connection: FlowRepository(connection, self._parts.database).of([row.id])
        )
        opened = [Flow(state.flow) for state in states if state.open]
        if not opened:
            raise FlowClosedError
        return Flow.ORDERS if Flow.ORDERS in opened else opened[0]

    def _renewed_at(self, made: Subscription) -> datetime | None:
        if made.expires_at is None:
            return None
        now = self._parts.clock.now()
        return max(made.expires_at - EARLY, now + (made.expires_at - now) / 2, now + timedelta(minutes=1))

    async def hear(self, integration_id: int, secret: str, request: CallbackRequest) -> Hints:
        """Let the channel read what came for an integration, and look again at what it hints at.

        What cannot be made use of is dropped and answered all the same. Raises NotFoundError for any address but that
        of an integration.
        """
        row, kept = await self._parts.database.read(
            lambda connection: (
                IntegrationRepository(connection).get(integration_id),
                self._rows(connection).get(integration_id),
            )
        )
        if not self._is_right(kept, secret) or row is None:
            self.complain("somebody called an address that is none of the hub's.")
            raise NotFoundError(_UNKNOWN)
        channel = self._parts.channels.channels.get(row.channel)
        if channel is None or not row.standing.works:
            return Hints()
        try:
            hints = await self._read(channel, row, request, secret)
            await self._noting.note(channel, row, hints)
        except FlowClosedError:
            return Hints()
        except HubError as error:
            self.complain(f"{channel.key}: {error}")
            return Hints()
        if hints.problem:
            self.complain(f"{channel.key}: {hints.problem}")
        return hints

    def complain(self, what: str) -> None:
        """Log that something came that changes nothing, once in a while."""
        self._complaints.make("webhook", f"A webhook changed nothing: {what}")

    def _is_right(self, kept: SubscriptionRow | None, secret: str) -> bool:
        """Tell whether *secret* is the one in the address, in a time that tells nothing."""
        known = secrets.token_urlsafe(32)
        if kept is not None:
            with suppress(VaultError):  # nobody can know it then
                known = self._parts.vault.decrypt(kept.secret, of_webhooks(kept.integration_id))
        return hmac.compare_digest(known.encode(), secret.encode(errors="replace"))

    async def _read(self, channel: Channel, row: IntegrationRow, request: CallbackRequest, secret: str) -> Hints:
        """Ask the channel; the stored credentials are not renewed for it, since the platform waits."""
        credentials = self._handles.credentials_of(channel, row)
        flow = await self._open_flow(row)
        async with self._handles.store(channel, row, credentials=credentials, flow=flow) as store:
            given = {"store": store, "request": request, "secret": secret}
            return await ask(channel, "receive_webhook", deadline=_READ_SECONDS, **given)

    def _look(self, connection: Connection, channel: Channel, row: IntegrationRow, hints: Hints) -> None:
        """Make due what is hinted at, as far as its flow is open."""
        flows = FlowRepository(connection, self._parts.database)
        if hints.listings and self._may_read_listings(flows, row):
            flows.ask(row.id, Flow.LISTINGS, Urgency.HINT)
        if not (hints.orders or hints.any_orders) or not flows.lock(row.id, Flow.ORDERS):
            return
        flows.ask(row.id, Flow.ORDERS, Urgency.HINT)
        if hints.orders and channel.implements("fetch_order"):
            HintRepository(connection, row.id).add(set(hints.orders))
        if hints.any_orders or not channel.implements("fetch_order"):
            SearchRepository(connection).make_due(row.id, self._parts.database.now_sql())

    def _may_read_listings(self, flows: FlowRepository, row: IntegrationRow) -> bool:
        last = next((state.last_success_at for state in flows.of([row.id]) if state.flow == Flow.LISTINGS), None)
        return last is None or self._parts.clock.now() - last >= LISTINGS_EVERY

    def _rows(self, connection: Connection) -> WebhookRepository:
        return WebhookRepository(connection, self._parts.database)
