"""Stock: somebody says what there is, or by how much it changed; all stores that list it are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from hub_core.domain.errors import ConflictError, InputError, NotFoundError
from hub_core.domain.events import NewEvent
from hub_core.domain.plans import Plan, Planned
from hub_core.domain.stock import (
    NOTHING,
    Cause,
    StockLevel,
    Written,
    checked_adjustment,
    checked_level,
    checked_sku,
    digits,
    sku_of,
)
from hub_core.services.adoption import Adoptions, Sync
from hub_core.services.auditing import of_figures
from hub_core.services.batches import batches
from hub_core.services.explanation import explain
from hub_core.services.given import by_key, checked, named, pairs
from hub_core.services.targets import Targets
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.stock import HeldLevel, Movement, NewLevel, StockRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.domain.adoptions import Adoption
    from hub_core.domain.explanations import Explanation
    from hub_core.services.parts import Parts

BATCH = 500


class Stock:
    """Sets, adjusts and shows stock levels."""

    def __init__(self, parts: Parts, sync: Sync) -> None:
        self._parts = parts
        self._adoptions = Adoptions(parts, sync)

    async def set(self, levels: Mapping[str, object], *, after_event: int | Mapping[str, int] | None = None) -> Written:
        """Say how many units there are of each SKU: the truth, with every order the hub had told of.

        *after_event*, for all or by SKU, is the number of the last event that is part of it, by default the newest:
        what moves by later events is taken off. Compared is what becomes available. Raises InputError by SKU,
        ConflictError where a level is another since *after_event*; nothing is changed then.
        """
        good = by_key(checked(pairs(levels), checked_level))
        return await self._parts.database.write(lambda connection: self._set(connection, good, after_event))

    async def set_all(
        self, levels: Mapping[str, object], *, after_event: int | Mapping[str, int] | None = None
    ) -> Written:
        """Do as `set`, for as many SKUs as a file holds, in one transaction: others that write wait for its end."""
        good = by_key(checked(pairs(levels), checked_level, most=None))
        return await self._parts.database.write(lambda connection: self._set(connection, good, after_event))

    async def plan(self, levels: Mapping[str, object], *, after_event: int | Mapping[str, int] | None = None) -> Plan:
        """Tell what `set_all` would change, in available units, and change nothing. Raises what that would raise."""
        good = by_key(checked(pairs(levels), checked_level, most=None))
        return await self._parts.database.read(lambda connection: _plan(connection, good, after_event))

    async def adjust(self, by: Mapping[str, object]) -> Written:
        """Change the stock of each SKU by a signed number of units. Raises InputError where a SKU has no level."""
        good = by_key(checked(pairs(by), checked_adjustment))
        return await self._parts.database.write(lambda connection: self._adjust(connection, good))

    async def adopt(self, integration: int | str, *, dry_run: bool = False) -> Adoption:
        """Take a store's figures as levels for SKUs that have none, and give them; a dry run only reads them.

        Raises ConflictError or UnavailableError where the store cannot be read; no level is set then.
        """
        adoption = await self._adoptions.read(integration)
        if dry_run or not adoption.levels:
            return adoption

        def adopt(connection: Connection) -> None:
            held = StockRepository(connection).hold(adoption.levels)
            unset = {sku: level for sku, level in adoption.levels.items() if held[sku].level is None}
            self._set(connection, unset, adoption.after_event, "stock.adopted")

        await self._parts.database.write(adopt)
        return adoption

    async def get(self, sku: str) -> StockLevel:
        """Give the level of one SKU. Raises NotFoundError."""
        wanted = checked_sku(sku)
        level = await self._parts.database.read(lambda connection: StockRepository(connection).get(wanted))
        if level is None:
            raise NotFoundError(f"The hub knows no stock of {wanted!r}; set it, or see 'hub stock' for what it knows.")
        return level

    async def explain(self, sku: str) -> Explanation:
        """Tell why each store is told what it is told. Raises NotFoundError where nobody knows the SKU."""
        wanted = checked_sku(sku)
        return await self._parts.database.snapshot(lambda connection: explain(connection, wanted))

    async def find(self, *, sku: str | None = None, limit: int | None = None) -> AsyncIterator[StockLevel]:
        """Yield levels by SKU, those whose SKU holds the text *sku*, in batches: no lock is held meanwhile."""

        def page(after: str, size: int) -> Awaitable[list[StockLevel]]:
            return self.page(after=after, sku=sku, limit=size)

        async for batch in batches(page, "", lambda level: level.sku, limit=limit, size=BATCH):
            for level in batch:
                yield level

    async def page(self, *, after: str = "", sku: str | None = None, limit: int = 50) -> list[StockLevel]:
        """List up to *limit* levels by SKU, from the one after *after* on."""
        return await self._parts.database.read(
            lambda connection: StockRepository(connection).find(after=after, sku=sku, limit=limit)
        )

    def _set(
        self,
        connection: Connection,
        levels: Mapping[str, Decimal],
        after_event: int | Mapping[str, int] | None,
        action: str = "stock.set",
    ) -> Written:
        stock, events = StockRepository(connection), EventRepository(connection)
        newest = events.newest()  # before any lock: an order that is just being written was not told of yet
        after = _after_events(levels, after_event, newest)
        held = stock.hold(levels)
        moved = _moved(stock, after)
        now = self._parts.clock.now()
        available: dict[str, Decimal | None] = {}
        told = []
        for sku, level in levels.items():
            units = level + moved[sku] if sku in moved else level
            if units != held[sku].available:
                available[sku] = units
                told.append(_set_event(held[sku], after[sku], units))
        _refuse_stale([held[sku] for sku in available], after, explicit=after_event is not None)
        Targets(connection, self._parts.database).stock(available)
        numbers = events.record(told, now)
        stock.set_levels(
            [
                NewLevel(sku, levels[sku], after[sku], moved.get(sku, NOTHING), number, now)
                for sku, number in zip(available, numbers, strict=True)
            ]
        )
        if numbers:
            figures = ((sku, digits(held[sku].available), digits(units)) for sku, units in available.items())
            AuditRepository(connection).record(of_figures(action, figures, numbers), now)
        return Written(
            changed=len(numbers), unchanged=len(levels) - len(numbers), event=numbers[-1] if numbers else newest
        )

    def _adjust(self, connection: Connection, by: Mapping[str, Decimal]) -> Written:
        stock, events = StockRepository(connection), EventRepository(connection)
        held = stock.held(by)
        _refuse_unset(by, held)
        changed = {sku: units for sku, units in by.items() if units}
        moved = {sku: held[sku].moved + units for sku, units in changed.items()}
        available: dict[str, Decimal | None] = {sku: (held[sku].level or NOTHING) + moved[sku] for sku in changed}
        Targets(connection, self._parts.database).stock(available)
        now = self._parts.clock.now()
        numbers = events.record([_adjusted_event(sku, units, available[sku]) for sku, units in changed.items()], now)
        stock.add_movements(
            [
                Movement(sku, number, units, Cause.ADJUSTMENT)
                for (sku, units), number in zip(changed.items(), numbers, strict=True)
            ]
        )
        stock.set_moved(list(moved.items()))
        if numbers:
            figures = ((sku, digits(held[sku].available), digits(units)) for sku, units in available.items())
            AuditRepository(connection).record(of_figures("stock.adjusted", figures, numbers), now)
        return Written(
            changed=len(changed), unchanged=len(by) - len(changed), event=numbers[-1] if numbers else events.newest()
        )


def _plan(connection: Connection, levels: Mapping[str, Decimal], after_event: int | Mapping[str, int] | None) -> Plan:
    stock, newest = StockRepository(connection), EventRepository(connection).newest()
    after = _after_events(levels, after_event, newest)
    held = stock.held(levels, lock=False)
    moved = _moved(stock, after)
    planned = [
        Planned(sku=sku, before=held[sku].available if sku in held else None, after=level + moved.get(sku, NOTHING))
        for sku, level in levels.items()
    ]
    changes = tuple(one for one in planned if one.before != one.after)
    known = [held[one.sku] for one in changes if one.sku in held]
    _refuse_stale(known, after, explicit=after_event is not None)
    return Plan(changes=changes, unchanged=len(planned) - len(changes), event=newest)


def _after_events(
    levels: Mapping[str, Decimal], after_event: int | Mapping[str, int] | None, newest: int
) -> dict[str, int]:
    by_sku = {sku_of(sku): event for sku, event in after_event.items()} if isinstance(after_event, Mapping) else {}
    common = after_event if isinstance(after_event, int) else newest
    after = {sku: by_sku.get(sku, common) for sku in levels}
    late = [sku for sku, event in after.items() if not 0 <= event <= newest]
    if late:
        raise InputError(
            f"There is no event {after[late[0]]}: the newest is {newest}. Nothing was changed.",
            fields=dict.fromkeys(late, "is beyond the newest event"),
        )
    return after


def _refuse_stale(changed: Sequence[HeldLevel], after: Mapping[str, int], *, explicit: bool) -> None:
    """Refuse levels that were set by a later event than those that the caller knows, as he names them."""
    stale = [level.sku for level in changed if explicit and (level.event_id or 0) > after[level.sku]]
    if stale:
        raise ConflictError(
            f"The stock of {named(stale)} was set meanwhile; look at it, and set it anew. Nothing was changed.",
            fields=dict.fromkeys(stale, "stale"),
        )


def _moved(stock: StockRepository, after: Mapping[str, int]) -> dict[str, Decimal]:
    """Sum up what moved later than each SKU's event; one statement for every different event."""
    by_event: defaultdict[int, list[str]] = defaultdict(list)
    for sku, event in after.items():
        by_event[event].append(sku)
    found: dict[str, Decimal] = {}
    for event, skus in by_event.items():
        found |= stock.moved_since(skus, event)
    return found


def _refuse_unset(by: Mapping[str, Decimal], held: Mapping[str, HeldLevel]) -> None:
    unset = [sku for sku in by if sku not in held or held[sku].level is None]
    if unset:
        raise InputError(
            f"Nobody has set how much there is of {named(unset)}, so it cannot be adjusted; set it first. Nothing was "
            "changed.",
            fields=dict.fromkeys(unset, "has no level yet"),
        )


def _set_event(held: HeldLevel, after_event: int, available: Decimal) -> NewEvent:
    data = {"available": digits(available), "before": digits(held.available), "after_event": after_event}
    return NewEvent("stock.set", None, None, held.sku, data)


def _adjusted_event(sku: str, units: Decimal, available: Decimal | None) -> NewEvent:
    return NewEvent("stock.adjusted", sku=sku, data={"by": digits(units), "available": digits(available)})
