"""Orders as rows: a page is looked up, and written, with a constant number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import LargeBinary, String, bindparam, cast, insert, null, select, union_all, update

from hub_core.domain.history import Sight
from hub_core.domain.integrations import Flow
from hub_core.domain.orders import Order
from hub_core.domain.rejects import RejectState
from hub_core.storage.among import among, among_bound
from hub_core.storage.bulk import BulkWrite, Row
from hub_core.storage.ids import reserve_ids
from hub_core.storage.tables import order_revisions, orders, rejects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import CompoundSelect, Connection, Select

_FIXED = ("id", "integration_id", "external_id", "history", "same_as")
_TOLD = ("external_id", "number", "status", "placed_at", "updated_at", "total", "currency")
_COLUMNS = (
    *_TOLD,
    "raw_hash",
    "content_hash",
    "document",
    "raw",
    "integration_id",
    "id",
    "revision",
    "history",
    "same_as",
    "sent_at",
)
_ORDERS = BulkWrite(
    orders, columns=_COLUMNS, key=("id",), change=tuple(name for name in _COLUMNS if name not in _FIXED)
)


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """What the hub holds of an order, as far as intake needs it before it decides."""

    id: int
    revision: int
    history: bool
    same_as: int | None
    sent_at: datetime
    content_hash: bytes
    document: str
    erased_at: datetime | None


# Making such a statement takes longer than the database needs for a page, so each is made once for each kind of it.
@cache
def _known(dialect: str) -> CompoundSelect[Any]:
    no_text = cast(null(), String)
    return union_all(
        select(orders.c.external_id, orders.c.raw_hash, no_text.label("sight"), no_text.label("state")).where(
            orders.c.integration_id == bindparam("integration"), among_bound(dialect, orders.c.external_id, "ids")
        ),
        select(rejects.c.external_id, cast(null(), LargeBinary), rejects.c.sight, rejects.c.state).where(
            rejects.c.integration_id == bindparam("integration"),
            rejects.c.kind == Flow.ORDERS.value,
            among_bound(dialect, rejects.c.external_id, "ids"),
            rejects.c.state != RejectState.SETTLED.value,
        ),
    )


@cache
def _held(dialect: str) -> Select[Any]:
    columns = orders.c
    return select(
        columns.external_id,
        columns.id,
        columns.revision,
        columns.history,
        columns.same_as,
        columns.sent_at,
        columns.content_hash,
        columns.document,
        columns.erased_at,
    ).where(among_bound(dialect, columns.external_id, "ids"))


@cache
def _held_by_one(dialect: str) -> Select[Any]:
    mine = orders.c.integration_id == bindparam("integration")
    return _held(dialect).where(mine).order_by(orders.c.id).with_for_update()


class KnownOrders(NamedTuple):
    """What the hub knows of the orders of a page before it reads them.

    *hashes* tell the text that each was last read from. Of those whose last text was rejected there is no hash, so that
    a good one is read again and settles the reject; *sights* tell when those that were ever rejected, and not settled
    since, were first seen.
    """

    hashes: dict[str, bytes | None]
    sights: dict[str, Sight]


class OrderRepository:
    """Orders, each known by its integration and external id."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._dialect = connection.dialect.name

    def known(self, integration_id: int, external_ids: Sequence[str]) -> KnownOrders:
        """Tell what is known of these orders, with one statement."""
        found = KnownOrders({}, {})
        again = []
        wanted = {"integration": integration_id, "ids": external_ids}
        for external_id, raw_hash, sight, state in self._connection.execute(_known(self._dialect), wanted):
            if sight is None:
                found.hashes[external_id] = raw_hash
                continue
            found.sights[external_id] = Sight(sight)
            if state != RejectState.DISCARDED.value:
                again.append(external_id)
        for external_id in again:
            found.hashes.pop(external_id, None)
        return found

    def held(self, integration_id: int, external_ids: Sequence[str]) -> dict[str, HeldOrder]:
        """Give, and lock, what the hub holds of these orders."""
        wanted = {"integration": integration_id, "ids": external_ids}
        rows = self._connection.execute(_held_by_one(self._dialect), wanted)
        return {external_id: HeldOrder(*rest) for external_id, *rest in rows}

    def held_before(self, earlier: Collection[int], external_ids: Sequence[str]) -> dict[str, HeldOrder]:
        """Give what *earlier* identities of a store hold of these orders, each as the latest of them holds it."""
        theirs = among(self._connection, orders.c.integration_id, earlier)
        statement = _held(self._dialect).where(theirs).order_by(orders.c.integration_id)
        rows = self._connection.execute(statement, {"ids": external_ids})
        return {external_id: HeldOrder(*rest) for external_id, *rest in rows}

    def reserve_ids(self, count: int) -> Sequence[int]:
        """Give ids for *count* new orders."""
        return reserve_ids(self._connection, orders, count)

    def write(self, rows: Sequence[Row]) -> None:
        """Write new and changed orders.

        A row is what `order_values` gives, then hash of the text, hash of the content, document, text, integration,
        id, revision, whether it is history, the order that it is the same as, and when it was asked for.
        """
        _ORDERS.write(self._connection, rows)

    def mark_erased(self, moments: Mapping[int, datetime]) -> None:
        """Note of new orders when those that they are the same as were erased of their personal data."""
        statement = update(orders).where(orders.c.id == bindparam("of")).values(erased_at=bindparam("moment"))
        self._connection.execute(statement, [{"of": one, "moment": moment} for one, moment in moments.items()])

    def write_revisions(self, revisions: Sequence[dict[str, Any]]) -> None:
        """Write what changed in orders that were known."""
        if revisions:
            self._connection.execute(insert(order_revisions), list(revisions))


def order_values(order: Order) -> Row:
    """Give what the columns say that *order* itself tells."""
    total = order.total
    return (
        order.external_id,
        order.number.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        order.status.value,
        order.placed_at,
        order.updated_at,
        total.amount,
        total.currency,
    )
