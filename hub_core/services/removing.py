"""Removing integrations: closed at once, then the platform is told, then the credentials are destroyed in any case.

From the first step on an integration is removed for everybody. What is left of a removal whose process died is done by
any other, once the time for the farewell is over.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hub_core.channels.telling import tell
from hub_core.domain.audit import NewAudit
from hub_core.domain.errors import HubError
from hub_core.domain.events import NewEvent
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import PUSHING, IntegrationChange
from hub_core.domain.lifecycle import Move, Presence
from hub_core.services import announcing
from hub_core.services.auditing import of
from hub_core.services.finishing import destroy
from hub_core.services.handles import Handles
from hub_core.services.lookup import IntegrationLookup, locked
from hub_core.services.targets import Targets
from hub_core.services.telling import ends_of
from hub_core.services.unsubscribing import unsubscribe
from hub_core.storage.audit import AuditRepository
from hub_core.storage.authorizations import AuthorizationRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.fulfilments import FulfilmentRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.pushes import PushRepository
from hub_core.storage.runs import RunRepository
from hub_core.storage.webhooks import WebhookRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.services")

_REMOVED = "The integration was removed before its store was told, or had answered; look into the store."


class RemovalPreview(Fact):
    """What removing an integration will do.

    *orders* stay, *changes* of stock and prices, and *parcels*, are not told any more, *webhooks* tells whether some
    are ended.
    """

    name: str
    orders: int
    changes: int
    parcels: int
    webhooks: bool
    sentence: str


class Removing(IntegrationLookup):
    """Removes integrations."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._handles = Handles(parts)

    async def removal(self, integration: int | str) -> RemovalPreview:
        """Tell what removing it will do."""
        row = await self._present(integration)

        def count(connection: Connection) -> tuple[int, int, int, bool]:
            subscribed = WebhookRepository(connection, self._parts.database).get(row.id)
            changes = sum(len(PushRepository(connection, row.id, flow).planned()) for flow in PUSHING)
            orders = IntegrationRepository(connection).count_orders(row.id)
            parcels = FulfilmentRepository(connection).count_untold(row.id)
            return orders, changes, parcels, subscribed is not None and subscribed.subscription is not None

        orders, changes, parcels, webhooks = await self._parts.database.read(count)
        sentence = _sentence(row.name, orders, (changes, parcels), webhooks=webhooks)
        if row.connected_at is None:
            sentence = f"'{row.name}' never was connected; removing it erases it."
        counts = {"orders": orders, "changes": changes, "parcels": parcels}
        return RemovalPreview(name=row.name, **counts, webhooks=webhooks, sentence=sentence)

    async def remove(self, integration: int | str) -> None:
        """Remove it: its flows close at once, its platform is told, its credentials are destroyed, its orders stay."""
        row = await self._present(integration)
        left = await self._parts.database.write(lambda connection: self._close(connection, row))
        if left is None:
            return
        try:
            await self._say_farewell(left)
        finally:
            await self._parts.database.write(lambda connection: destroy(connection, self._parts, left))

    def _close(self, connection: Connection, row: IntegrationRow) -> IntegrationRow | None:
        """Close all that works for it, and give it as it is left; None where nothing of it is."""
        fresh, repository, now = locked(connection, row), IntegrationRepository(connection), self._parts.clock.now()
        FlowRepository(connection, self._parts.database).close(row.id)
        stopped = RunRepository(connection).stop_unfinished(row.id, now)
        erased = fresh.standing.after(Move.REMOVE).presence is Presence.ERASED
        if erased:
            repository.erase(row.id)
        else:
            AuthorizationRepository(connection).end(row.id)
            repository.change(row.id, removed_at=now, enabled=False)
            Targets(connection, self._parts.database).of_integration(row.id)
            for flow in PUSHING:
                PushRepository(connection, row.id, flow).forget()
            FulfilmentRepository(connection).abandon(row.id, _REMOVED)
        event = NewEvent(type="integration.removed", integration_id=row.id, data={"name": fresh.name})
        EventRepository(connection).record([event, *ends_of(stopped)], now)
        held = {"channel": fresh.channel, "store": None if fresh.store is None else fresh.store.key}
        AuditRepository(connection).record(NewAudit("integration.removed", of(fresh), before=held), now)
        return None if erased else repository.get(row.id)

    async def _say_farewell(self, row: IntegrationRow) -> None:
        """Let the platform drop what it holds for the hub; whatever goes wrong with that changes nothing."""
        channel = self._parts.channels.channels.get(row.channel)
        if channel is None or row.credentials is None:
            return
        try:
            async with asyncio.timeout(announcing.FAREWELL_SECONDS):
                await self._farewell(channel, row)
        except TimeoutError:
            logger.warning("'%s' was removed, but its platform did not hear of it in time.", row.name)
        except HubError as error:
            logger.warning("'%s' was removed, but its platform could not be told: %s", row.name, error)

    async def _farewell(self, channel: Channel, row: IntegrationRow) -> None:
        subscribed = await self._parts.database.read(
            lambda connection: WebhookRepository(connection, self._parts.database).get(row.id)
        )
        deadline = announcing.FAREWELL_SECONDS
        async with self._handles.store(channel, row) as store:
            if subscribed is not None and subscribed.subscription is not None:
                await unsubscribe(channel, row, store, subscribed.subscription)
            change = IntegrationChange.REMOVED
            await tell([channel], "integration_changed", deadline=deadline, store=store, change=change, flow=None)


def _sentence(name: str, orders: int, untold: tuple[int, int], *, webhooks: bool) -> str:
    """Say what removing does to a store that was connected; *untold* are changes, and parcels."""
    changes, parcels = untold
    dropped = f" {changes} changes of stock and prices that it was not told yet are dropped." if changes else ""
    dropped += f" {parcels} parcels that it does not know of yet are not told any more." if parcels else ""
    ended = " The webhooks that the store was asked for are ended." if webhooks else ""
    return (
        f"Removing '{name}' stops all its work and destroys its credentials.{dropped}{ended} Its {orders} orders stay "
        "readable under this name; connecting the same store again makes a new integration, which can take over "
        "what people had linked by hand."
    )
