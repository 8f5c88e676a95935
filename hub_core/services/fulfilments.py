"""Shipping orders: what somebody asks the hub to tell a store, and what a person decides where nobody else can."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import ConflictError, InputError, NotFoundError
from hub_core.domain.fitting import fitting
from hub_core.domain.fulfilments import (
    Decision,
    NewFulfilment,
    StoredFulfilment,
    checked_lines,
    checked_text,
)
from hub_core.domain.integrations import Flow
from hub_core.domain.stock import digits
from hub_core.domain.urgency import Urgency
from hub_core.services.fulfilment_changes import told_lines
from hub_core.services.lookup import IntegrationLookup
from hub_core.services.orders import Orders
from hub_core.services.settling import Settling
from hub_core.storage.audit import AuditRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.fulfilments import FulfilmentFilter, FulfilmentRepository
from hub_core.storage.order_search import OrderSearch

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.domain.orders import StoredOrder
    from hub_core.services.parts import Parts

_DAY: Final = timedelta(days=1)


class Asked(NamedTuple):
    """A fulfilment that was asked for; one that is not *new* was asked for before, just so."""

    fulfilment: StoredFulfilment
    new: bool


class Fulfilments(IntegrationLookup):
    """Takes in what is shipped, and shows what became of it."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._orders = Orders(parts)
        self._settling = Settling(parts)

    async def ship(
        self,
        order_id: int,
        tracking_number: str,
        *,
        carrier: str = "",
        lines: Mapping[str, object] | Sequence[tuple[str, object]] | None = None,
        shipped_at: datetime | None = None,
    ) -> Asked:
        """Ask that the store is told of one parcel: of *lines*, each with its units, or of all that is left.

        The same parcel is told once, however often it is asked for. It waits where the integration is disabled or not
        authorised. Raises ConflictError where less is left, or the store cannot be told; InputError, NotFoundError.
        """
        wanted = NewFulfilment(
            tracking_number=checked_text("tracking_number", tracking_number, needed=True),
            carrier=checked_text("carrier", carrier, needed=False),
            lines=None if lines is None else checked_lines(lines),
            shipped_at=self._moment(shipped_at),
        )
        order = await self._orders.get(order_id)
        await self._check_able(order)
        number, new = await self._parts.database.write(lambda connection: self._ask(connection, order, wanted))
        return Asked(await self.get(number), new)

    async def get(self, fulfilment_id: int) -> StoredFulfilment:
        """Give one. Raises NotFoundError."""
        found = await self._parts.database.read(lambda connection: FulfilmentRepository(connection).get(fulfilment_id))
        if found is None:
            raise NotFoundError(f"There is no fulfilment {fulfilment_id}; 'hub orders fulfilments' lists them.")
        return found

    async def of(self, order_id: int) -> list[StoredFulfilment]:
        """List those of an order, newest first. Raises NotFoundError."""
        await self._orders.get(order_id)
        return await self.page(FulfilmentFilter(order=order_id))

    async def page(self, which: FulfilmentFilter) -> list[StoredFulfilment]:
        """List fulfilments, newest first."""
        return await self._parts.database.read(lambda connection: FulfilmentRepository(connection).find(which))

    async def settle(self, fulfilment_id: int, decision: Decision | str) -> StoredFulfilment:
        """Decide what nobody else can: whether the store has it, is to be told (again), or is not to be told.

        One that waits can be dropped too. Raises ConflictError where there is nothing to decide.
        """
        if decision not in set(Decision):
            known = ", ".join(Decision)
            raise InputError(f"'{decision}' is no decision; there are: {known}.", fields={"decision": str(decision)})
        held = await self.get(fulfilment_id)
        row = await self._row(held.integration_id)
        await self._settling.settle(held, Decision(decision), removed=row.removed_at is not None)
        return await self.get(fulfilment_id)

    async def _check_able(self, order: StoredOrder) -> None:
        row = await self._row(order.integration_id)
        if row.removed_at is not None:
            raise ConflictError(f"'{row.name}' was removed, so its store cannot be told what is shipped.")
        if Flow.FULFILMENT not in self._parts.channels.channel(row.channel).flows:
            raise ConflictError(f"Stores of the channel '{row.channel}' cannot be told what is shipped; do it there.")

    def _moment(self, shipped_at: datetime | None) -> datetime:
        now = self._parts.clock.now()
        if shipped_at is None:
            return now
        if shipped_at.tzinfo is None or abs(shipped_at - now) > 366 * _DAY:
            why = "must be a date with its zone, within a year of today"
            raise InputError(f"The day of shipping {why}.", fields={"shipped_at": why})
        return shipped_at

    def _ask(self, connection: Connection, order: StoredOrder, wanted: NewFulfilment) -> tuple[int, bool]:
        """Add a fulfilment, unless it is there; the order is held meanwhile, so that nobody ships the same goods."""
        rows, key = FulfilmentRepository(connection), _content_key(wanted)
        same = rows.same(order.id, key)
        if same is not None:
            return same, False
        FlowRepository(connection, self._parts.database).ask(order.integration_id, Flow.FULFILMENT, Urgency.FULFILMENT)
        rows.hold_order(order.id)
        same = rows.same(order.id, key)
        if same is not None:
            return same, False
        return self._add(connection, order.id, wanted, key), True

    def _add(self, connection: Connection, order_id: int, wanted: NewFulfilment, key: str) -> int:
        rows, now = FulfilmentRepository(connection), self._parts.clock.now()
        order = OrderSearch(connection).get(order_id)
        if order is None:
            raise NotFoundError(f"There is no order {order_id} any more.")
        lines = fitting(order, wanted.lines, rows.under_way(order_id))
        values: dict[str, Any] = {
            "integration_id": order.integration_id,
            "order_id": order_id,
            "content_key": key,
            "tracking_number": wanted.tracking_number,
            "carrier": wanted.carrier,
            "shipped_at": wanted.shipped_at,
            "asked_at": now,
        }
        number = rows.add(values, lines)
        told = {"fulfilment": number, "lines": told_lines(lines), "carrier": wanted.carrier}
        audit = NewAudit("order.shipped", Subject("order", order_id, order.number), after=told)
        AuditRepository(connection).record(audit, now)
        return number


def _content_key(wanted: NewFulfilment) -> str:
    """Name a parcel by what it holds, so that it is known again when it is asked for once more."""
    lines = None if wanted.lines is None else sorted((one.external_id, digits(one.quantity)) for one in wanted.lines)
    content = [wanted.tracking_number.casefold(), wanted.carrier.casefold(), lines]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
