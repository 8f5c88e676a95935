"""A dry run: what would be sent now, from which figure to which, and what would wait, with nothing sent or changed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from hub_core.domain.errors import ConflictError
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import PUSHING, Flow
from hub_core.domain.pushes import Waiting
from hub_core.services.lookup import IntegrationLookup
from hub_core.services.price_push import PricePush
from hub_core.services.push_rules import Wait
from hub_core.services.stock_push import StockPush
from hub_core.storage.push_rows import Due
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.push_kind import PushKind, Rule
    from hub_core.storage.integrations import IntegrationRow

_KINDS: dict[Flow, PushKind] = {Flow.STOCK: StockPush(), Flow.PRICES: PricePush()}


class PlannedChange(Fact):
    """What a store would be told of a listing: *after* where it is thought to have *before* (None: nobody knows).

    *waiting* and *reason* say why it would not be sent now.
    """

    listing_id: int
    external_id: str
    sku: str | None
    flow: Flow
    before: Decimal | None
    after: Decimal
    currency: str | None = None
    waiting: Waiting | None = None
    reason: str = ""


class Previews(IntegrationLookup):
    """Makes dry runs."""

    async def of(self, integration: int | str, kinds: Sequence[str]) -> list[PlannedChange]:
        """List what runs of *kinds*, which tell the store something, would send. Raises ConflictError for others."""
        row = await self._reachable(integration)
        flows = [_flow(kind) for kind in dict.fromkeys(kinds)]
        return await self._parts.database.read(
            lambda connection: [change for flow in flows for change in self._planned(connection, row, flow)]
        )

    def _planned(self, connection: Connection, row: IntegrationRow, flow: Flow) -> list[PlannedChange]:
        rows = PushRepository(connection, row.id, flow)
        rule = _KINDS[flow].rule(row, rows.around(self._parts.clock.now()).reads)
        found = rows.planned()
        return [_change(due, flow, _wait(due, waiting, rule)) for due, waiting in found]


def _wait(due: Due, waiting: str | None, rule: Rule) -> Wait | None:
    """Tell what a figure would wait for in a run that somebody asks for, which tries again what was refused."""
    if waiting in (None, Waiting.REFUSED, Waiting.RETRY):
        return rule(due)
    return Wait(Waiting(waiting), due.reason)


def _change(due: Due, flow: Flow, wait: Wait | None) -> PlannedChange:
    return PlannedChange(
        listing_id=due.listing_id,
        external_id=due.external_id,
        sku=due.sku,
        flow=flow,
        before=None if due.was_lost else due.expected,
        after=due.target,
        currency=due.currency if flow is Flow.PRICES else None,
        waiting=wait and wait.kind,
        reason=wait.reason if wait else "",
    )


def _flow(kind: str) -> Flow:
    if kind not in PUSHING:
        raise ConflictError(f"A dry run of {kind} is not possible: it tells the store nothing; leave it out.")
    return Flow(kind)
