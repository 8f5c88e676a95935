"""What a hub holds, without what tells one hub from another that has done the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from hub_core import Hub
from hub_core.domain.errors import VaultError
from hub_core.domain.events import Event
from hub_core.domain.integrations import Integration
from hub_core.storage.seals import Seal, SealRepository
from hub_core.storage.tables import listings, pushes
from tests.hubs import held, rows

_ONCE = ("order.created", "order.updated", "integration.connected", "integration.removed")


async def told_of(hub: Hub) -> dict[str, Any]:
    """Tell it, as JSON has it: orders, what is available, what the store was told, what happened once."""
    return {
        "orders": await held(hub),
        "available": {level.sku: str(level.available) async for level in hub.stock.find()},
        "told": _told(hub),
        "events": await _events(hub),
        "rejects": [reject.reason for reject in await hub.rejects.page()],
        "integrations": sorted(_shown(one) for one in await _all(hub)),
        "unreadable": await _unreadable(hub),
    }


async def _all(hub: Hub) -> list[Integration]:
    return [*await hub.integrations.list(), *await hub.integrations.list(removed=True)]


def _shown(one: Integration) -> str:
    return f"{one.name} {one.connection} {'removed' if one.removed_at else 'there'} {one.store and one.store.key}"


def _told(hub: Hub) -> dict[str, list[str]]:
    names = {row["id"]: row["external_id"] for row in rows(hub, listings)}
    return {
        f"{row['flow']} {names[row['listing_id']]}": [str(row[name]) for name in ("target", "expected", "in_flight")]
        for row in rows(hub, pushes)
    }


async def _events(hub: Hub) -> dict[str, int]:
    """Count what must happen once and no more; the numbers have no gap."""
    events = [event async for event in _every(hub)]
    assert [event.id for event in events] == list(range(1, len(events) + 1)), "the events have a gap"
    orders = {order.id: order.external_id async for order in hub.orders.find()}
    counted = Counter(f"{one.type} {orders.get(one.order_id or 0, '')}" for one in events if one.type in _ONCE)
    return dict(sorted(counted.items()))


async def _every(hub: Hub) -> AsyncIterator[Event]:
    after = 0
    while page := await hub.events.after(after, limit=200):
        for event in page:
            yield event
        after = page[-1].id


async def _unreadable(hub: Hub) -> list[str]:
    """List what none of this hub's keys opens."""
    seals = await hub.parts.database.read(lambda connection: SealRepository(connection).find())
    return [seal.owner for seal in seals if not _opens(hub, seal)]


def _opens(hub: Hub, seal: Seal) -> bool:
    try:
        hub.parts.vault.decrypt(seal.token, seal.owner)
    except VaultError:
        return False
    return True
