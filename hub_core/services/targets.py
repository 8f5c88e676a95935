"""Deciding what every store should be told: the one place where a figure of the hub becomes a target of listings.

It happens in the transaction that changes the figure, so a target is never older than what it follows from. Levels
and prices are locked before listings, by everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Waiting
from hub_core.domain.stock import plain, stock_target
from hub_core.storage.prices import PriceRepository
from hub_core.storage.stock import StockRepository
from hub_core.storage.targets import NewTarget, TargetRepository, Told

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.storage.database import Database

_Reckoning = Callable[[Told], Decimal | None]


class Targets:
    """Sets the targets of listings within one transaction."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection = connection
        self._database = database
        self._rows = TargetRepository(connection)
        self._held: set[str] = set()
        self._available: dict[str, Decimal | None] = {}
        self._amounts: dict[tuple[str, str], Decimal] = {}

    def stock(self, available: Mapping[str, Decimal | None]) -> None:
        """Retarget all listings of SKUs whose levels this transaction holds."""
        if available:
            self._retarget(Flow.STOCK, self._rows.of_skus(Flow.STOCK, available), _by_stock(available))

    def prices(self, amounts: Mapping[tuple[str, str], Decimal]) -> None:
        """Retarget all listings of SKUs, of which these are all the prices, by SKU and currency."""
        if amounts:
            skus = {sku for sku, _ in amounts}
            self._retarget(Flow.PRICES, self._rows.of_skus(Flow.PRICES, skus), _by_price(amounts))

    def hold(self, skus: Collection[str]) -> None:
        """Lock the levels and prices of *skus*: whoever links listings does it before he changes them."""
        if not self._database.is_sqlite:  # there, who writes is alone
            self._figures(skus)

    def of_listings(self, ids: Collection[int]) -> None:
        """Retarget some listings, whose links or presence in the store have changed."""
        if ids:
            reckonings = self._figures(self._rows.skus_of(ids))
            known = {Flow.STOCK: self._available, Flow.PRICES: self._amounts}
            for flow, reckon in reckonings.items():
                # Where nothing is known to tell, only what is told until now can change.
                self._retarget(flow, self._rows.of_listings(flow, ids, told=not known[flow]), reckon)

    def of_integration(self, integration_id: int) -> None:
        """Retarget all listings of an integration, whose rules have changed or which was removed.

        What the old rules held back is looked at again.
        """
        reckonings = self._figures(self._rows.skus_in(integration_id))
        for flow, reckon in reckonings.items():
            self._retarget(flow, self._rows.of_integration(flow, integration_id), reckon)
        self._rows.let_go(integration_id, (Waiting.CONFIRMATION, Waiting.LIMIT))

    def _figures(self, skus: Collection[str]) -> dict[Flow, _Reckoning]:
        """Give the figures of *skus*, each asked for once: what is held cannot change meanwhile."""
        new = set(skus) - self._held
        if new:
            # Also the row of a SKU without a level: by it, who links and who sets a first figure wait for each other.
            levels = StockRepository(self._connection).hold(new)
            self._available |= {sku: one.available for sku, one in levels.items() if one.level is not None}
            self._amounts |= PriceRepository(self._connection).held(new)
            self._held |= new
        return {Flow.STOCK: _by_stock(self._available), Flow.PRICES: _by_price(self._amounts)}

    def _retarget(self, flow: Flow, rows: Collection[Told], reckon: _Reckoning) -> None:
        changed = [(row, target) for row in rows if (target := reckon(row)) != row.target]
        if changed:
            now = self._now()
            self._rows.write([_new(flow, row, target, now) for row, target in changed])

    def _now(self) -> datetime:
        moment: datetime = self._connection.execute(select(self._database.now_sql())).scalar_one()
        return moment


def _new(flow: Flow, row: Told, target: Decimal | None, now: datetime) -> NewTarget:
    """Write a new target; what kept the old one from being sent concerns the new one no more, but for a receipt."""
    raised = target is not None and (row.target is None or target > row.target)
    return NewTarget(
        listing_id=row.listing_id,
        flow=flow.value,
        integration_id=row.integration_id,
        target=target,
        version=row.version + 1,
        raised_at=now if raised else row.raised_at,
        changed_at=now,
        waiting=row.waiting if row.waiting == Waiting.RECEIPT else None,
        reason="",
        retry_at=None,
    )


def _by_stock(available: Mapping[str, Decimal | None]) -> _Reckoning:
    def reckon(row: Told) -> Decimal | None:
        units = None if row.sku is None else available.get(row.sku)
        if units is None:
            return None
        return stock_target(units, buffer=row.rules.buffer, maximum=row.rules.maximum, fractions=row.fractions)

    return reckon


def _by_price(amounts: Mapping[tuple[str, str], Decimal]) -> _Reckoning:
    def reckon(row: Told) -> Decimal | None:
        if row.sku is None or row.currency is None:
            return None
        amount = amounts.get((row.sku, row.currency))
        return None if amount is None else plain(amount)

    return reckon
