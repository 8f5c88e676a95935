"""What stores are told, as rows: which are due, which are under way, and what came of them.

Whoever changes a row holds its listing first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, literal, not_, null, or_, select, update

from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.push_rows import Around, Beside, Due, Held, OrderReads, Sent, Unsettled, Unsure
from hub_core.storage.push_statements import (
    DUE,
    FIGURES,
    FLOWS,
    UNSETTLED,
    accepting,
    leaving,
    marking,
    sending,
    taken,
)
from hub_core.storage.tables import listings, pushes
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

_HELD = BulkWrite(pushes, columns=Held._fields, key=("listing_id", "flow"), change=Held._fields[3:])
_UNSURE = BulkWrite(pushes, columns=Unsure._fields, key=("listing_id", "flow"), change=("unsure_until",))
_OTHER = {Flow.STOCK: Flow.PRICES, Flow.PRICES: Flow.STOCK}


class PushRepository:
    """The figures of one flow of one integration."""

    def __init__(self, connection: Connection, integration_id: int, flow: Flow) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._dialect = connection.dialect.name
        self._integration_id = integration_id
        self._flow = flow
        self._bound = {"integration": integration_id, "of_flow": flow.value}

    @property
    def _mine(self) -> ColumnElement[bool]:
        return and_(pushes.c.integration_id == self._integration_id, pushes.c.flow == self._flow.value)

    def due(self, limit: int) -> list[int]:
        """List the listings that are due: what is lowered first, then what has waited longest."""
        return list(self._connection.execute(DUE, {**self._bound, "most": limit}).scalars())

    def take(self, ids: Sequence[int]) -> list[Due]:
        """Give those of some listings, which are locked, that are due indeed, in the same order."""
        rows = self._connection.execute(taken(self._dialect), {**self._bound, "ids": ids})
        found = {row[0]: Due._make(row) for row in rows}
        return [found[listing_id] for listing_id in ids if listing_id in found]

    def busy(self, ids: Collection[int]) -> frozenset[int]:
        """Tell of which listings, that are locked, the other figure is under way."""
        bound = {"ids": ids, "of_flow": _OTHER[self._flow].value}
        return frozenset(self._connection.execute(sending(self._dialect), bound).scalars())

    def planned(self) -> list[tuple[Due, str | None]]:
        """Give all listings whose store has something else than it should be told, each with what that waits for."""
        rows = self._connection.execute(FIGURES.add_columns(pushes.c.waiting), self._bound)
        return [(Due._make(row[:-1]), row[-1]) for row in rows]

    def around(self, now: datetime) -> Around:
        """Tell how the other flows of the store stand."""
        rows = {row.flow: row for row in self._connection.execute(FLOWS, self._bound)}
        orders, other = rows.get(Flow.ORDERS.value), rows.get(_OTHER[self._flow].value)
        reads = OrderReads(awaited=False, failing=False, watermark=None)
        if orders is not None:
            reads = OrderReads(awaited=orders.enabled, failing=orders.failures > 0, watermark=orders.watermark)
        at_work = other is not None and other.lease_owner is not None and other.lease_until >= now
        return Around(reads, at_work)

    def mark_sent(self, ids: Collection[int], at: datetime) -> None:
        """Note that the targets of listings are being sent."""
        if ids:
            self._connection.execute(marking(self._dialect), {**self._bound, "ids": ids, "at": at})

    def unmark(self, ids: Collection[int]) -> None:
        """Note that nothing of listings has left after all."""
        self._set(ids, in_flight=False)

    def doubt(self, unsure: Sequence[Unsure]) -> None:
        """Note until when what was sent before may still arrive."""
        _UNSURE.write(self._connection, unsure)

    def hold(self, held: Sequence[Held]) -> None:
        """Note why figures are not sent now."""
        _HELD.write(self._connection, held)

    def accept(self, ids: Collection[int], at: datetime) -> None:
        """Note that stores have what was sent to listings, which are locked."""
        if ids:
            self._connection.execute(accepting(self._dialect), {**self._bound, "ids": ids, "at": at})

    def unsettle(self, outcomes: Sequence[Unsettled], at: datetime) -> None:
        """Note what else came of what was sent to listings, which are locked.

        It counts for the figure that was sent: where there is a newer one, that is simply due, but for a receipt.
        """
        if outcomes:
            rows = [
                {
                    "of_listing": one.listing_id,
                    "of_flow": self._flow.value,
                    "stays": one.waiting is Waiting.RECEIPT,
                    "at": at,
                    "waits": one.waiting.value,
                    "why": one.reason,
                    "again": one.retry_at,
                    "promise": one.receipt,
                }
                for one in outcomes
            ]
            self._connection.execute(UNSETTLED, rows)

    def receipts(self, at: datetime, limit: int) -> list[Sent]:
        """Give those whose store promised an answer and should be asked for it."""
        # A new target takes the time of the next try away, but not the receipt.
        is_time = or_(pushes.c.retry_at.is_(None), pushes.c.retry_at <= at)
        of_listing = (listings.c.id, listings.c.external_id, listings.c.sku)
        statement = (
            select(*of_listing, pushes.c.expected, pushes.c.sent_value, listings.c.handle, pushes.c.receipt)
            .join(listings, listings.c.id == pushes.c.listing_id)
            .where(self._mine, pushes.c.waiting == Waiting.RECEIPT.value, is_time)
            .order_by(listings.c.id)
            .limit(limit)
        )
        return [Sent._make(row) for row in self._connection.execute(statement)]

    def wait_on(self, ids: Collection[int], until: datetime) -> None:
        """Ask for promised answers again later."""
        self._set(ids, retry_at=until)

    def _set(self, ids: Collection[int], *which: ColumnElement[bool], **values: Any) -> None:
        if ids:
            mine: ColumnElement[bool] = among(self._connection, pushes.c.listing_id, ids)
            of_flow = pushes.c.flow == self._flow.value
            self._connection.execute(update(pushes).where(mine, of_flow, *which).values(**values))

    def let_go(self, waits: Collection[Waiting]) -> None:
        """Let figures wait no more."""
        ids = self._locked(pushes.c.waiting.in_([wait.value for wait in waits]))
        self._set(ids, waiting=None, reason="", retry_at=None)

    def try_again(self, at: datetime) -> None:
        """Let those figures go whose next try is due, and expect nothing any more where a late send may have arrived.

        That is a raise which waits for the orders, as nobody knows what the store has.
        """
        columns = pushes.c
        is_retry = and_(columns.waiting == Waiting.RETRY.value, columns.retry_at <= at)
        is_over = and_(columns.unsure_until <= at, columns.in_flight.is_(False))
        ids = self._locked(or_(is_retry, is_over))
        self._set(ids, is_retry, waiting=None, reason="", retry_at=None)
        is_told = columns.target.is_not(None)
        raised_at = case((is_told, literal(at, UtcDateTime)), else_=columns.raised_at)
        unknown = case((is_told, null()), else_=columns.expected)
        self._set(ids, is_over, expected=unknown, raised_at=raised_at, unsure_until=None)

    def _locked(self, which: ColumnElement[bool]) -> list[int]:
        columns = pushes.c
        ordered = select(columns.listing_id).where(self._mine, which).order_by(columns.listing_id).with_for_update()
        return list(self._connection.execute(ordered).scalars())

    def confirm(self, listing_id: int) -> None:
        """Let a held price go, as it is now; another one is held again."""
        self._set([listing_id], confirmed_version=pushes.c.version, waiting=None, reason="")

    def forget(self) -> None:
        """Expect no answer any more of what was sent or promised."""
        columns = pushes.c
        open_ones = or_(columns.in_flight, columns.waiting.is_not(None))
        mine = select(listings.c.id).where(listings.c.integration_id == self._integration_id)
        self._connection.execute(
            update(pushes)
            .where(columns.listing_id.in_(mine), columns.flow == self._flow.value, open_ones)
            .values(in_flight=False, waiting=None, reason="", retry_at=None, receipt=None)
        )

    def next_try(self) -> datetime | None:
        """Tell when the first of those that wait for a moment is to be tried or asked for again, or told once more."""
        columns = pushes.c
        waits = columns.waiting.in_([Waiting.RETRY.value, Waiting.RECEIPT.value])
        again = select(func.min(func.coalesce(columns.retry_at, columns.sent_at))).where(self._mine, waits)
        unsure = columns.unsure_until.is_not(None), columns.in_flight.is_(False)
        once_more = select(func.min(columns.unsure_until)).where(self._mine, *unsure)
        row = self._connection.execute(select(again.scalar_subquery(), once_more.scalar_subquery())).one()
        return min(filter(None, row), default=None)

    def count_waiting(self, wait: Waiting) -> int:
        """Count the figures that wait for something."""
        statement = select(func.count()).select_from(pushes).where(self._mine, pushes.c.waiting == wait.value)
        return int(self._connection.execute(statement).scalar_one())

    def may_leave(self, ids: Collection[int]) -> tuple[bool, bool]:
        """Tell whether the flow is open, and whether one of the figures that are being sent has changed since."""
        row = self._connection.execute(leaving(self._dialect), {**self._bound, "ids": ids}).first()
        return (False, False) if row is None else (bool(row[0]), bool(row[1]))

    def beside(self, parents: Collection[str], ids: Collection[int]) -> list[Beside]:
        """Give the other listings of *parents* than those with *ids*, with what they are told or, else, have."""
        columns = listings.c
        stock = and_(pushes.c.listing_id == columns.id, pushes.c.flow == Flow.STOCK.value)
        statement = (
            select(
                columns.external_id, columns.parent, columns.handle, func.coalesce(pushes.c.target, pushes.c.expected)
            )
            .join(pushes, stock, isouter=True)
            .where(
                columns.integration_id == self._integration_id,
                columns.gone_at.is_(None),
                among(self._connection, columns.parent, parents),
                not_(among(self._connection, columns.id, ids)),
            )
            .order_by(columns.id)
        )
        return [Beside._make(row) for row in self._connection.execute(statement)]
