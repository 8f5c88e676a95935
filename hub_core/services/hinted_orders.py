"""Looking at the orders that a store hinted at, each by itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import FlowClosedError, PluginError, RejectedError, ResponseError
from hub_core.services.order_intake import PageContext, RunReading
from hub_core.services.single_order import fetch_single
from hub_core.storage.flows import FlowRepository
from hub_core.storage.hints import HintRepository

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.history import Sights
    from hub_core.services.order_intake import OrderIntake
    from hub_core.services.parts import Parts
    from hub_core.storage.hints import Hint

logger = logging.getLogger("hub_core.services")

_SOME: Final = 20
"""Orders that are looked at before a search has its turn."""


class HintedOrders:
    """Looks at orders that were hinted at, as part of a run that reads orders."""

    def __init__(self, parts: Parts, intake: OrderIntake, sights: Sights) -> None:
        self._parts = parts
        self._intake = intake
        self._sights = sights

    def noted(self, connection: Connection, run: FlowRun) -> Sequence[Hint]:
        """Give some that were hinted at, where the channel can be asked for one."""
        return (
            HintRepository(connection, run.integration.id).some(_SOME) if run.channel.implements("fetch_order") else ()
        )

    async def look(self, run: FlowRun, hints: Sequence[Hint]) -> None:
        """Look at them. Where the store cannot be asked now, they stay.

        An order that the store does not hold any more, or that cannot be asked for, is left to the polls.
        """
        for hint in hints:
            try:
                await self._take(run, hint)
            except (RejectedError, ResponseError, PluginError) as error:
                logger.warning("An order that '%s' hinted at is left to the polls: %s", run.integration.name, error)
            await self._done(run, hint)
            run.slice.page_done()

    async def _take(self, run: FlowRun, hint: Hint) -> None:
        asked_at = run.lease.now(self._parts.clock)
        page = await fetch_single(run.channel, run.store, hint.external_id)
        if page.records:
            taken = await self._intake.take(page, await self._context(run, asked_at))
            run.counts = taken.counts
            run.rejected |= taken.rejected
            run.progress(run.counts)
            if not taken.still_open:
                raise FlowClosedError

    async def _done(self, run: FlowRun, hint: Hint) -> None:
        def done(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            HintRepository(connection, run.integration.id).done([hint])

        await self._parts.database.write(done)

    async def _context(self, run: FlowRun, asked_at: datetime) -> PageContext:
        return PageContext(
            integration_id=run.integration.id,
            channel=run.channel.key,
            sent_at=asked_at,
            seen=await self._sights.seen_alone(run.integration, run.channel.info.polls),
            reading=RunReading(
                lease=run.lease,
                telling=run.telling,
                search=None,
                counts=run.counts,
                spent=run.spent,
                rejected_before=run.rejected,
            ),
        )
