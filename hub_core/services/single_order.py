"""Asking a store for one order: because it was hinted at, rejected before, or to know what became of a parcel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub_core.channels.dispatch import ask

if TYPE_CHECKING:
    from hub_core.channels.channel import Channel
    from hub_core.channels.pages import OrderPage
    from hub_core.channels.store import Store

DEADLINE: Final = 300.0
"""Seconds for the answer; the plugin waits for the rate budget within."""


async def fetch_single(channel: Channel, store: Store, external_id: str) -> OrderPage:
    """Give a page with the order, or without any where the store does not hold it. Raises what the channel raises."""
    return await ask(channel, "fetch_order", deadline=DEADLINE, store=store, external_id=external_id)
