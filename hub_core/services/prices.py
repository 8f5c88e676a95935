"""Prices: somebody says what a SKU costs in a currency; the stores that sell in it are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from pydantic import ValidationError

from hub_core.domain.currencies import DIGITS
from hub_core.domain.errors import InputError
from hub_core.domain.events import NewEvent
from hub_core.domain.money import Money
from hub_core.domain.plans import Plan, Planned
from hub_core.domain.prices import Price, checked_price
from hub_core.domain.stock import Written, digits
from hub_core.services.auditing import of_figures
from hub_core.services.batches import batches
from hub_core.services.given import MOST, by_key, checked
from hub_core.services.targets import Targets
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.prices import NewPrice, PriceRepository
from hub_core.storage.stock import StockRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

BATCH = 500


class Prices:
    """Sets and shows prices."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def set(self, prices: Iterable[tuple[str, Money]]) -> Written:
        """Say what each SKU costs, one price for each SKU and currency. Raises InputError by SKU; changes nothing then.

        A store is told the price in its own currency; none is converted.
        """
        good = _checked(prices, most=MOST)
        return await self._parts.database.write(lambda connection: self._set(connection, good))

    async def set_all(self, prices: Iterable[tuple[str, Money]]) -> Written:
        """Do as `set`, for as many SKUs as a file holds, in one transaction: others that write wait for its end."""
        good = _checked(prices)
        return await self._parts.database.write(lambda connection: self._set(connection, good))

    async def plan(self, prices: Iterable[tuple[str, Money]]) -> Plan:
        """Tell what `set_all` would change, and change nothing. Raises what that would raise."""
        good = _checked(prices)
        return await self._parts.database.read(lambda connection: _plan(connection, good))

    async def find(self, *, sku: str | None = None, limit: int | None = None) -> AsyncIterator[Price]:
        """Yield prices by SKU, those whose SKU holds the text *sku*, in batches: no lock is held meanwhile."""

        def page(after: tuple[str, str], size: int) -> Awaitable[list[Price]]:
            return self.page(after=after, sku=sku, limit=size)

        async for batch in batches(page, ("", ""), _place, limit=limit, size=BATCH):
            for price in batch:
                yield price

    async def page(self, *, after: tuple[str, str] = ("", ""), sku: str | None = None, limit: int = 50) -> list[Price]:
        """List up to *limit* prices by SKU and currency, from the one after *after* on."""
        return await self._parts.database.read(
            lambda connection: PriceRepository(connection).find(after=after, sku=sku, limit=limit)
        )

    def _set(self, connection: Connection, amounts: Mapping[tuple[str, str], Decimal]) -> Written:
        rows, events = PriceRepository(connection), EventRepository(connection)
        skus = {sku for sku, _ in amounts}
        StockRepository(connection).hold(skus)  # so that whoever links listings with them waits
        held = rows.held(skus)
        changed = {key: amount for key, amount in amounts.items() if held.get(key) != amount}
        Targets(connection, self._parts.database).prices({**held, **changed})
        now = self._parts.clock.now()
        numbers = events.record([_event(key, amount, held.get(key)) for key, amount in changed.items()], now)
        rows.write(
            [
                NewPrice(*key, amount, number, now)
                for (key, amount), number in zip(changed.items(), numbers, strict=True)
            ]
        )
        if numbers:
            figures = ((f"{key[0]} {key[1]}", digits(held.get(key)), digits(amount)) for key, amount in changed.items())
            AuditRepository(connection).record(of_figures("price.set", figures, numbers), now)
        return Written(
            changed=len(changed),
            unchanged=len(amounts) - len(changed),
            event=numbers[-1] if numbers else events.newest(),
        )


def _checked(prices: Iterable[tuple[str, Money]], *, most: int | None = None) -> dict[tuple[str, str], Decimal]:
    given = checked(list(prices), checked_price, most=most)
    return by_key(((sku, price.currency), price.amount) for sku, price in given)


def _plan(connection: Connection, amounts: Mapping[tuple[str, str], Decimal]) -> Plan:
    held = PriceRepository(connection).held({sku for sku, _ in amounts}, lock=False)
    changes = tuple(
        Planned(sku=key[0], currency=key[1], before=held.get(key), after=amount)
        for key, amount in amounts.items()
        if held.get(key) != amount
    )
    newest = EventRepository(connection).newest()
    return Plan(changes=changes, unchanged=len(amounts) - len(changes), event=newest)


def price_of(sku: str, amount: object, currency: str) -> Money:
    """Make a price of what somebody typed. Raises InputError."""
    code = currency.strip().upper()
    if code not in DIGITS:
        reason = f"'{currency}' is no currency; give a code of ISO 4217 such as USD or EUR"
        raise InputError(f"The price of {sku!r} cannot be used: {reason}.", fields={sku: reason})
    try:
        return Money(amount=Decimal(str(amount).strip()), currency=code)
    except (InvalidOperation, ValidationError):
        raise InputError(f"The price {amount!r} of {sku!r} is no number.", fields={sku: "is no number"}) from None


def _place(price: Price) -> tuple[str, str]:
    return price.sku, price.price.currency


def _event(key: tuple[str, str], amount: Decimal, before: Decimal | None) -> NewEvent:
    sku, currency = key
    data = {"price": digits(amount), "before": digits(before), "currency": currency}
    return NewEvent("price.set", sku=sku, data=data)
