"""What stores are told, as rows: which are due, which are under way, and what came of them.

Whoever changes a row holds its listing first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Double, String, and_, bindparam, case, cast, func, not_, or_, select, update

from hub_core.domain.integrations import Flow
from hub_core.domain.polls import Search
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among, among_bound
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import IS_DUE, flow_state, listings, pushes, searches
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection, Select, Update


class Due(NamedTuple):
    """A listing whose store is to be told something. *was_lost*: it was told before, and nobody knows with what end."""

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


class Sent(NamedTuple):
    """A figure that is under way, with what was thought to be there before."""

    listing_id: int
    external_id: str
    sku: str | None
    expected: Decimal | None
    value: Decimal | None
    handle: str | None = None
    receipt: str | None = None


class Unsettled(NamedTuple):
    """What came of a figure that a store did not simply take. Without *waiting* it is due again."""

    listing_id: int
    waiting: Waiting
    reason: str = ""
    retry_at: datetime | None = None
    receipt: str | None = None


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


class Around(NamedTuple):
    """How the other flows of a store stand; *at_work*: its other figures may be being sent right now."""

    reads: OrderReads
    at_work: bool


_HELD = BulkWrite(pushes, columns=Held._fields, key=("listing_id", "flow"), change=Held._fields[3:])
_PUSH = pushes.c
_MINE = and_(_PUSH.integration_id == bindparam("integration"), _PUSH.flow == bindparam("of_flow"))
_LOWERS = and_(not_(_PUSH.in_flight), cast(_PUSH.target, Double) < cast(_PUSH.expected, Double))
_DIFFERS = and_(_PUSH.target.is_not(None), or_(_PUSH.in_flight, _PUSH.expected.is_distinct_from(_PUSH.target)))
_OTHER = {Flow.STOCK: Flow.PRICES, Flow.PRICES: Flow.STOCK}

# Making such a statement takes longer than the database needs for a batch, so each is made once for each kind of it.
_DUE = (
    select(_PUSH.listing_id)
    .where(_MINE, IS_DUE)
    .order_by(case((_LOWERS, 0), else_=1), _PUSH.changed_at, _PUSH.listing_id)
    .limit(bindparam("most"))
)
_FIGURES = (
    select(
        _PUSH.listing_id,
        listings.c.external_id,
        listings.c.parent,
        listings.c.handle,
        listings.c.sku,
        listings.c.currency,
        _PUSH.target,
        _PUSH.version,
        _PUSH.acknowledged,
        _PUSH.expected,
        _PUSH.raised_at,
        _PUSH.changed_at,
        _PUSH.drifted_at,
        _PUSH.in_flight,
        _PUSH.confirmed_version,
        _PUSH.reason,
    )
    .join(listings, listings.c.id == _PUSH.listing_id)
    .where(_MINE, _DIFFERS)
    .order_by(_PUSH.listing_id)
)
_NEW_READ = (
    select(searches.c.watermark)
    .where(searches.c.integration_id == bindparam("integration"), searches.c.search == Search.NEW.value)
    .scalar_subquery()
)
_FLOWS = select(
    flow_state.c.flow,
    flow_state.c.enabled,
    flow_state.c.failures,
    flow_state.c.lease_owner,
    flow_state.c.lease_until,
    _NEW_READ.label("watermark"),
).where(flow_state.c.integration_id == bindparam("integration"))


@cache
def _taken(dialect: str) -> Select[Any]:
    return _FIGURES.where(among_bound(dialect, _PUSH.listing_id, "ids"), _PUSH.waiting.is_(None))


@cache
def _sending(dialect: str) -> Select[Any]:
    return select(_PUSH.listing_id).where(
        among_bound(dialect, _PUSH.listing_id, "ids"),
        _PUSH.flow == bindparam("of_flow"),
        _PUSH.in_flight,
        _PUSH.waiting.is_(None),
    )


@cache
def _leaving(dialect: str) -> Select[Any]:
    changed = _sending(dialect).where(_PUSH.version != _PUSH.sent_version).exists()
    return select(flow_state.c.open, changed).where(
        flow_state.c.integration_id == bindparam("integration"), flow_state.c.flow == bindparam("of_flow")
    )


@cache
def _changing(dialect: str) -> Update:
    return update(pushes).where(among_bound(dialect, _PUSH.listing_id, "ids"), _PUSH.flow == bindparam("of_flow"))


@cache
def _marking(dialect: str) -> Update:
    return _changing(dialect).values(
        in_flight=True,
        sent_version=_PUSH.version,
        sent_value=_PUSH.target,
        sent_at=bindparam("at"),
        reason="",
        drifted_at=None,
    )


@cache
def _accepting(dialect: str) -> Update:
    return _changing(dialect).values(
        acknowledged=_PUSH.sent_value,
        expected=_PUSH.sent_value,
        in_flight=False,
        ended_at=bindparam("at"),
        waiting=None,
        reason="",
        retry_at=None,
        receipt=None,
    )


_IS_NEWEST = _PUSH.version == _PUSH.sent_version
_UNSETTLED = (
    update(pushes)
    .where(_PUSH.listing_id == bindparam("of_listing"), _PUSH.flow == bindparam("of_flow"))
    .values(
        in_flight=bindparam("stays"),
        ended_at=bindparam("at"),
        waiting=case((or_(_IS_NEWEST, bindparam("stays")), bindparam("waits", type_=String))),
        reason=bindparam("why"),
        retry_at=case((or_(_IS_NEWEST, bindparam("stays")), bindparam("again", type_=UtcDateTime))),
        receipt=bindparam("promise"),
    )
)


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
        return and_(_PUSH.integration_id == self._integration_id, _PUSH.flow == self._flow.value)

    def due(self, limit: int) -> list[int]:
        """List the listings that are due: what is lowered first, then what has waited longest."""
        return list(self._connection.execute(_DUE, {**self._bound, "most": limit}).scalars())

    def take(self, ids: Sequence[int]) -> list[Due]:
        """Give those of some listings, which are locked, that are due indeed, in the same order."""
        rows = self._connection.execute(_taken(self._dialect), {**self._bound, "ids": ids})
        found = {row[0]: Due._make(row) for row in rows}
        return [found[listing_id] for listing_id in ids if listing_id in found]

    def busy(self, ids: Collection[int]) -> frozenset[int]:
        """Tell of which listings, that are locked, the other figure is under way."""
        bound = {"ids": ids, "of_flow": _OTHER[self._flow].value}
        return frozenset(self._connection.execute(_sending(self._dialect), bound).scalars())

    def planned(self) -> list[tuple[Due, str | None]]:
        """Give all listings whose store has something else than it should be told, each with what that waits for."""
        rows = self._connection.execute(_FIGURES.add_columns(_PUSH.waiting), self._bound)
        return [(Due._make(row[:-1]), row[-1]) for row in rows]

    def around(self, now: datetime) -> Around:
        """Tell how the other flows of the store stand."""
        rows = {row.flow: row for row in self._connection.execute(_FLOWS, self._bound)}
        orders, other = rows.get(Flow.ORDERS.value), rows.get(_OTHER[self._flow].value)
        reads = OrderReads(awaited=False, failing=False, watermark=None)
        if orders is not None:
            reads = OrderReads(awaited=orders.enabled, failing=orders.failures > 0, watermark=orders.watermark)
        at_work = other is not None and other.lease_owner is not None and other.lease_until >= now
        return Around(reads, at_work)

    def mark_sent(self, ids: Collection[int], at: datetime) -> None:
        """Note that the targets of listings are being sent."""
        if ids:
            self._connection.execute(_marking(self._dialect), {**self._bound, "ids": ids, "at": at})

    def unmark(self, ids: Collection[int]) -> None:
        """Note that nothing of listings has left after all."""
        self._set(ids, in_flight=False)

    def hold(self, held: Sequence[Held]) -> None:
        """Note why figures are not sent now."""
        _HELD.write(self._connection, held)

    def accept(self, ids: Collection[int], at: datetime) -> None:
        """Note that stores have what was sent to listings, which are locked."""
        if ids:
            self._connection.execute(_accepting(self._dialect), {**self._bound, "ids": ids, "at": at})

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
            self._connection.execute(_UNSETTLED, rows)

    def receipts(self, at: datetime, limit: int) -> list[Sent]:
        """Give those whose store promised an answer and should be asked for it."""
        # A new target takes the time of the next try away, but not the receipt.
        is_time = or_(_PUSH.retry_at.is_(None), _PUSH.retry_at <= at)
        of_listing = (listings.c.id, listings.c.external_id, listings.c.sku)
        statement = (
            select(*of_listing, _PUSH.expected, _PUSH.sent_value, listings.c.handle, _PUSH.receipt)
            .join(listings, listings.c.id == _PUSH.listing_id)
            .where(self._mine, _PUSH.waiting == Waiting.RECEIPT.value, is_time)
            .order_by(listings.c.id)
            .limit(limit)
        )
        return [Sent._make(row) for row in self._connection.execute(statement)]

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

    def may_leave(self, ids: Collection[int]) -> tuple[bool, bool]:
        """Tell whether the flow is open, and whether one of the figures that are being sent has changed since."""
        row = self._connection.execute(_leaving(self._dialect), {**self._bound, "ids": ids}).first()
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
