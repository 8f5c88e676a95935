"""Reading an order back from its store, for whoever must know what became of a parcel; the hub takes it in as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.channels.dispatch import read_records
from hub_core.services.fulfilment_rules import Look
from hub_core.services.history import Sights
from hub_core.services.order_intake import OrderIntake, PageContext
from hub_core.services.single_order import fetch_single

if TYPE_CHECKING:
    from datetime import datetime

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts


class FulfilmentLooks:
    """Reads orders, each by itself."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._intake = OrderIntake(parts)
        self._sights = Sights(parts)

    async def look(self, run: FlowRun, external_id: str) -> Look:
        """Read an order as the store holds it now. Raises what the channel raises."""
        asked_at = run.lease.now(self._parts.clock)
        page = await fetch_single(run.channel, run.store, external_id)
        if not page.records:
            return Look(asked_at, None, gone=True)
        found = [order for _, order in read_records(run.channel.key, page, page.records)]
        await self._intake.take(page, await self._context(run, asked_at))
        mine = [order for order in found if not isinstance(order, str) and order.external_id == external_id]
        if mine:
            return Look(asked_at, mine[0])
        problem = next((one for one in found if isinstance(one, str)), "the store answered another order.")
        return Look(asked_at, None, problem)

    async def _context(self, run: FlowRun, asked_at: datetime) -> PageContext:
        return PageContext(
            integration_id=run.integration.id,
            channel=run.channel.key,
            sent_at=asked_at,
            seen=await self._sights.seen_alone(run.integration, run.channel.info.polls),
            must_commit=False,
        )
