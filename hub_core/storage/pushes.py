"""What stores are told, as rows: which are due, which are under way, and what came of them.

Whoever changes a row holds its listing first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Double, and_, case, cast, exists, func, not_, or_, select, update

from hub_core.domain.integrations import Flow
from hub_core.domain.polls import Search
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import IS_DUE, flow_state, listings, pushes, searches

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

_OTHER = {Flow.STOCK: Flow.PRICES, Flow.PRICES: Flow.STOCK}


class Due(NamedTuple):
    """A listing whose store is to be told something. *was_lost*: it was told before, and nobody knows with what end.

    *busy*: the other figure of the listing is being sent right now.
    """

    listing_id: int
    external_id: str
    parent: str | None
    handle: str | None
    sku: str | None
    currency: str | None
    target: Decimal
    version: int
    acknowledged: Decimal | None
    expected: Decimal | None
    raised_at: datetime | None
    changed_at: datetime | None
    drifted_at: datetime | None
    was_lost: bool
    confirmed_version: int | None
    reason: str
    busy: bool


class Sent(NamedTuple):
    """A figure that is under way, with what is thought to be there now."""

    listing_id: int
    external_id: str
    handle: str | None
    sku: str | None
    version: int
    sent_version: int | None
    sent_value: Decimal | None
    acknowledged: Decimal | None
    expected: Decimal | None
    receipt: str | None


class Answered(NamedTuple):
    """What came of a figure that was sent, as it is written."""

    listing_id: int
    flow: str
    integration_id: int
    acknowledged: Decimal | None
    expected: Decimal | None
    in_flight: bool
    ended_at: datetime
    waiting: str | None
    reason: str
    retry_at: datetime | None
    receipt: str | None


class Held(NamedTuple):
    """A figure that is not sent now, and why."""

    listing_id: int
    flow: str
    integration_id: int
    waiting: str
    reason: str


class Beside(NamedTuple):
    """Another listing of a parent, with what it is told, else has."""

    external_id: str
    parent: str
    handle: str | None
    units: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderReads:
    """How far a store's orders are known: *awaited* tells whether a read of them can be waited for at all.

    *failing*: the last one failed, so the next may be long in coming.
    """

    awaited: bool
    failing: bool
    watermark: datetime | None


_ANSWERED = BulkWrite(pushes, columns=Answered._fields, key=("listing_id", "flow"), change=Answered._fields[3:])
_HELD = BulkWrite(pushes, columns=Held._fields, key=("listing_id", "flow"), change=Held._fields[3:])


class PushRepository:
    """The figures of one flow of one integration."""

    def __init__(self, connection: Connection, integration_id: int, flow: Flow) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._integration_id = integration_id
        self._flow = flow

    @property
    def _mine(self) -> ColumnElement[bool]:
        return and_(pushes.c.integration_id == self._integration_id, pushes.c.flow == self._flow.value)

    def due(self, limit: int) -> list[int]:
        """List the listings that are due: what is lowered first, then what has waited longest."""
        columns = pushes.c
        lowers = and_(not_(columns.in_flight), cast(columns.target, Double) < cast(columns.expected, Double))
        statement = (
            select(columns.listing_id)
            .where(self._mine, IS_DUE)
            .order_by(case((lowers, 0), else_=1), columns.changed_at, columns.listing_id)
            .limit(limit)
        )
        return list(self._connection.execute(statement).scalars())

    def take(self, ids: Collection[int], now: ColumnElement[datetime]) -> list[Due]:
        """Give those of some listings, which are locked, that are due indeed."""
        return self._due(now, among(self._connection, pushes.c.listing_id, ids))

    def planned(self, now: ColumnElement[datetime]) -> list[tuple[Due, str | None]]:
        """Give all listings whose store has something else than it should be told, each with what that waits for."""
        differs = or_(pushes.c.expected.is_distinct_from(pushes.c.target), pushes.c.in_flight)
        statement = self._select(now).add_columns(pushes.c.waiting)
        rows = self._connection.execute(statement.where(self._mine, pushes.c.target.is_not(None), differs))
        return [(Due._make(row[:-1]), row[-1]) for row in rows]

    def _due(self, now: ColumnElement[datetime], which: ColumnElement[bool]) -> list[Due]:
        columns = pushes.c
        unequal = or_(columns.in_flight, columns.expected.is_distinct_from(columns.target))
        statement = self._select(now).where(
            self._mine, which, columns.target.is_not(None), columns.waiting.is_(None), unequal
        )
        return [Due._make(row) for row in self._connection.execute(statement)]

    def _select(self, now: ColumnElement[datetime]) -> Select[Any]:
        columns, other, flow = pushes.c, pushes.alias("other"), _OTHER[self._flow].value
        at_work = exists().where(
            flow_state.c.integration_id == self._integration_id,
            flow_state.c.flow == flow,
            flow_state.c.lease_owner.is_not(None),
            flow_state.c.lease_until >= now,
        )
        sending = exists().where(
            other.c.listing_id == columns.listing_id, other.c.flow == flow, other.c.in_flight, other.c.waiting.is_(None)
        )
        return (
            select(
                columns.listing_id,
                listings.c.external_id,
                listings.c.parent,
                listings.c.handle,
                listings.c.sku,
                listings.c.currency,
                columns.target,
                columns.version,
                columns.acknowledged,
                columns.expected,
                columns.raised_at,
                columns.changed_at,
                columns.drifted_at,
                columns.in_flight,
                columns.confirmed_version,
                columns.reason,
                and_(sending, at_work),
            )
            .join(listings, listings.c.id == columns.listing_id)
            .order_by(columns.listing_id)
        )

    def mark_sent(self, ids: Collection[int], at: datetime) -> None:
        """Note that the targets of listings are being sent."""
        self._set(
            ids,
            in_flight=True,
            sent_version=pushes.c.version,
            sent_value=pushes.c.target,
            sent_at=at,
            reason="",
            drifted_at=None,
        )

    def unmark(self, ids: Collection[int]) -> None:
        """Note that nothing of listings has left after all."""
        self._set(ids, in_flight=False)

    def hold(self, held: Sequence[Held]) -> None:
        """Note why figures are not sent now."""
        _HELD.write(self._connection, held)

    def sent(self, ids: Collection[int]) -> list[Sent]:
        """Give what was sent of some listings, which are locked."""
        return self._sent(among(self._connection, pushes.c.listing_id, ids))

    def receipts(self, at: datetime, limit: int) -> list[Sent]:
        """Give those whose store promised an answer and should be asked for it."""
        # A new target takes the time of the next try away, but not the receipt.
        is_time = or_(pushes.c.retry_at.is_(None), pushes.c.retry_at <= at)
        return self._sent(pushes.c.waiting == Waiting.RECEIPT.value, is_time, limit=limit)

    def _sent(self, *which: ColumnElement[bool], limit: int | None = None) -> list[Sent]:
        names = ("version", "sent_version", "sent_value", "acknowledged", "expected", "receipt")
        of_listing = (listings.c.id, listings.c.external_id, listings.c.handle, listings.c.sku)
        statement = (
            select(*of_listing, *(pushes.c[name] for name in names))
            .join(listings, listings.c.id == pushes.c.listing_id)
            .where(self._mine, *which)
            .order_by(listings.c.id)
            .limit(limit)
        )
        return [Sent._make(row) for row in self._connection.execute(statement)]

    def answer(self, answers: Sequence[Answered]) -> None:
        """Write what came of what was sent to listings, which are locked."""
        _ANSWERED.write(self._connection, answers)

    def wait_on(self, ids: Collection[int], until: datetime) -> None:
        """Ask for promised answers again later."""
        self._set(ids, retry_at=until)

    def _set(self, ids: Collection[int], **values: Any) -> None:
        if ids:
            mine: ColumnElement[bool] = among(self._connection, pushes.c.listing_id, ids)
            self._connection.execute(update(pushes).where(mine, pushes.c.flow == self._flow.value).values(**values))

    def let_go(self, waits: Collection[Waiting], *, due: datetime | None = None) -> None:
        """Let figures wait no more, or only those whose next try is *due*."""
        columns = pushes.c
        which = columns.waiting.in_([wait.value for wait in waits])
        over = which if due is None else and_(which, columns.retry_at <= due)
        ordered = select(columns.listing_id).where(self._mine, over).order_by(columns.listing_id).with_for_update()
        ids = list(self._connection.execute(ordered).scalars())
        self._set(ids, waiting=None, reason="", retry_at=None)

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
        """Tell when the first of those that wait for a moment is to be tried or asked for again."""
        waits = pushes.c.waiting.in_([Waiting.RETRY.value, Waiting.RECEIPT.value])
        statement = select(func.min(func.coalesce(pushes.c.retry_at, pushes.c.sent_at))).where(self._mine, waits)
        moment: datetime | None = self._connection.execute(statement).scalar_one()
        return moment

    def count_waiting(self, wait: Waiting) -> int:
        """Count the figures that wait for something."""
        statement = select(func.count()).select_from(pushes).where(self._mine, pushes.c.waiting == wait.value)
        return int(self._connection.execute(statement).scalar_one())

    def is_superseded(self, ids: Collection[int]) -> bool:
        """Tell whether one of the figures that are being sent has changed since."""
        columns = pushes.c
        changed = exists().where(
            among(self._connection, columns.listing_id, ids),
            columns.flow == self._flow.value,
            columns.in_flight,
            columns.waiting.is_(None),
            columns.version != columns.sent_version,
        )
        return bool(self._connection.execute(select(changed)).scalar_one())

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


def order_reads(connection: Connection, integration_id: int) -> OrderReads:
    """Tell how far the orders of a store are known."""
    new = and_(searches.c.integration_id == integration_id, searches.c.search == Search.NEW.value)
    statement = (
        select(flow_state.c.enabled, flow_state.c.failures, searches.c.watermark)
        .join(searches, new, isouter=True)
        .where(flow_state.c.integration_id == integration_id, flow_state.c.flow == Flow.ORDERS.value)
    )
    row = connection.execute(statement).first()
    if row is None:
        return OrderReads(awaited=False, failing=False, watermark=None)
    return OrderReads(awaited=row.enabled, failing=row.failures > 0, watermark=row.watermark)
