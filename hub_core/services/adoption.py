"""Taking a store's figures as levels for SKUs that have none, so that no sale is lost between two reads.

The orders are read to their end, then the newest event is noted, then the figures are read. An order that comes in
after that event is taken off, although the figure may know of it already: too little is told rather than too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from hub_core.domain.adoptions import Adoption, Skipped
from hub_core.domain.errors import ConflictError, InputError, UnavailableError
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import RunState
from hub_core.domain.stock import checked_level
from hub_core.services.lookup import IntegrationLookup
from hub_core.storage.adoptions import StoreFigure, figures_of
from hub_core.storage.events import EventRepository

if TYPE_CHECKING:
    from hub_core.domain.runs import Run
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

Sync = Callable[[int, str], Awaitable["Run"]]
"""Runs a flow of an integration now, and waits for its end."""


class Adoptions(IntegrationLookup):
    """Reads what a store has, to become the first levels."""

    def __init__(self, parts: Parts, sync: Sync) -> None:
        super().__init__(parts)
        self._sync = sync

    async def read(self, integration: int | str) -> Adoption:
        """Read a store's orders and figures, and tell which of them can become levels; nothing is set.

        Raises ConflictError where it cannot be read at all, UnavailableError where it could not be read now.
        """
        row = await self._reachable(integration)
        flows = self._parts.channels.channel(row.channel).flows
        if Flow.LISTINGS not in flows:
            raise ConflictError(
                f"The channel of '{row.name}' does not tell what it has in stock; set the levels by hand."
            )
        if Flow.ORDERS in flows:
            await self._run(row, Flow.ORDERS)
        newest = await self._parts.database.read(lambda connection: EventRepository(connection).newest())
        await self._run(row, Flow.LISTINGS)
        figures = await self._parts.database.read(lambda connection: figures_of(connection, row.id))
        return _adoption(row.name, figures, newest)

    async def _run(self, row: IntegrationRow, flow: Flow) -> None:
        run = await self._sync(row.id, flow)
        if run.state in (RunState.FAILED, RunState.STOPPED):
            why = run.error.sentence if run.error else "Somebody stopped it."
            raise UnavailableError(f"The {flow} of '{row.name}' could not be read, so no level was set. {why}")


def _adoption(name: str, figures: list[StoreFigure], newest: int) -> Adoption:
    times = Counter(figure.sku for figure in figures if figure.sku is not None)
    levels: dict[str, Decimal] = {}
    skipped = []
    for figure in figures:
        reason = _unfit(figure, times)
        if reason is None and figure.sku is not None and figure.figure is not None:
            levels[figure.sku] = figure.figure
        else:
            skipped.append(
                Skipped(
                    listing_id=figure.listing_id,
                    external_id=figure.external_id,
                    sku=figure.sku or figure.store_sku,
                    reason=reason or "",
                )
            )
    return Adoption(integration=name, levels=levels, skipped=tuple(skipped), after_event=newest)


def _unfit(figure: StoreFigure, times: Counter[str]) -> str | None:
    """Say why a figure becomes no level; None where it does."""
    if figure.sku is None:
        return "It is not linked with a SKU of the hub."
    if figure.level is not None:
        return f"The hub has a level for {figure.sku} already."
    if times[figure.sku] > 1:
        return f"Several listings of this store are {figure.sku}, and nobody can tell whether they share their stock."
    if figure.figure is None:
        return "The store does not tell how many it has."
    try:
        checked_level(figure.sku, figure.figure)
    except InputError as error:
        return str(error)
    return None
