"""Fulfilments as rows: asked for, under way, and what came of them.

Whoever changes one says in which state it must be, so that of two who do so at once only one does.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, case, exists, func, insert, or_, select, text, update

from hub_core.domain.fulfilments import UNDER_WAY, FulfilmentLine, FulfilmentState, StoredFulfilment
from hub_core.domain.traces import Holding
from hub_core.storage.among import among
from hub_core.storage.tables import fulfilment_lines, fulfilments, orders
from hub_core.storage.types import exact_sum

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

_COLUMNS: Final = fulfilments.c
_OPEN: Final = [state.value for state in UNDER_WAY]
_UNDER_WAY: Final = text("fulfilments.state IN ('waiting', 'sending', 'unknown')")
"""Said in the words of the index, or SQLite does not find that."""
_UNTOLD: Final = [FulfilmentState.WAITING.value, FulfilmentState.SENDING.value]


class FulfilmentFilter(NamedTuple):
    """Which fulfilments are looked for; what is None does not matter."""

    integration: int | None = None
    order: int | None = None
    state: FulfilmentState | None = None
    before: int | None = None
    limit: int | None = None


class Untold(NamedTuple):
    """A fulfilment of which its store is to be told; *order* is the external id, *before* what that held."""

    id: int
    order_id: int
    order: str
    number: str
    state: FulfilmentState
    lines: tuple[FulfilmentLine, ...]
    tracking_number: str
    carrier: str
    shipped_at: datetime
    reason: str
    sends: int
    before: Holding | None
    left_by: datetime | None


class FulfilmentRepository:
    """Fulfilments of all integrations."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def add(self, values: dict[str, Any], lines: Sequence[FulfilmentLine]) -> int:
        """Add one, and give its id."""
        number: int = self._connection.execute(
            insert(fulfilments).values(state=FulfilmentState.WAITING.value, **values).returning(_COLUMNS.id)
        ).scalar_one()
        rows = [{"fulfilment_id": number, **one.model_dump()} for one in lines]
        self._connection.execute(insert(fulfilment_lines), rows)
        return number

    def hold_order(self, order_id: int) -> None:
        """Keep others from shipping an order until the transaction ends."""
        self._connection.execute(select(orders.c.id).where(orders.c.id == order_id).with_for_update())

    def same(self, order_id: int, content_key: str) -> int | None:
        """Give the id of the same parcel, as far as it was not refused."""
        mine = (_COLUMNS.order_id == order_id, _COLUMNS.content_key == content_key)
        return self._connection.execute(select(_COLUMNS.id).where(*mine)).scalar_one_or_none()

    def find(self, which: FulfilmentFilter) -> list[StoredFulfilment]:
        """List fulfilments, newest first, from the one with the id *before* on."""
        given = {
            _COLUMNS.integration_id: which.integration,
            _COLUMNS.order_id: which.order,
            _COLUMNS.state: which.state,
        }
        statement = select(fulfilments).where(
            *(column == value for column, value in given.items() if value is not None)
        )
        if which.before is not None:
            statement = statement.where(_COLUMNS.id < which.before)
        rows = self._connection.execute(statement.order_by(_COLUMNS.id.desc()).limit(which.limit)).all()
        lines = self._lines([row.id for row in rows])
        return [_stored(row, lines[row.id]) for row in rows]

    def get(self, fulfilment_id: int) -> StoredFulfilment | None:
        """Give one."""
        row = self._connection.execute(select(fulfilments).where(_COLUMNS.id == fulfilment_id)).first()
        return None if row is None else _stored(row, self._lines([fulfilment_id])[fulfilment_id])

    def under_way(self, order_id: int) -> dict[str, Decimal]:
        """Tell, by line, of how many units the store is being told, or was after the order had last been read."""
        unread = and_(_COLUMNS.state == FulfilmentState.SENT.value, _COLUMNS.told_at >= orders.c.sent_at)
        line = fulfilment_lines.c
        statement = (
            select(line.external_id, exact_sum(line.quantity).label("units"))
            .join_from(fulfilment_lines, fulfilments, _COLUMNS.id == line.fulfilment_id)
            .join(orders, orders.c.id == _COLUMNS.order_id)
            .where(_COLUMNS.order_id == order_id, or_(_COLUMNS.state.in_(_OPEN), unread))
            .group_by(line.external_id)
        )
        return {row.external_id: row.units for row in self._connection.execute(statement)}

    def undecided(self, integration_ids: Sequence[int]) -> dict[int, int]:
        """Count, for each of some integrations that has any, those of which a person must decide."""
        mine = among(self._connection, _COLUMNS.integration_id, integration_ids)
        unknown = _COLUMNS.state == FulfilmentState.UNKNOWN.value
        statement = select(_COLUMNS.integration_id, func.count()).where(_UNDER_WAY, mine, unknown)
        statement = statement.group_by(_COLUMNS.integration_id)
        return {row[0]: row[1] for row in self._connection.execute(statement)}

    def count_untold(self, integration_id: int) -> int:
        """Count those of which a store does not know yet, as far as anybody can tell."""
        mine = (_UNDER_WAY, _COLUMNS.integration_id == integration_id, _COLUMNS.state.in_(_UNTOLD))
        return self._connection.execute(select(func.count()).select_from(fulfilments).where(*mine)).scalar_one()

    def untold(self, integration_id: int, now: datetime, limit: int) -> list[Untold]:
        """List those of an integration whose time has come; of each order only the first that is under way."""
        statement = (
            select(fulfilments, orders.c.external_id, orders.c.number)
            .join(orders, orders.c.id == _COLUMNS.order_id)
            .where(_UNDER_WAY, _COLUMNS.integration_id == integration_id, _COLUMNS.state.in_(_UNTOLD), _is_first())
            .where(or_(_COLUMNS.retry_at.is_(None), _COLUMNS.retry_at <= now))
            .order_by(_COLUMNS.id)
            .limit(limit)
        )
        rows = self._connection.execute(statement).all()
        lines = self._lines([row.id for row in rows])
        return [_untold(row, lines[row.id]) for row in rows]

    def next_try(self, integration_id: int) -> datetime | None:
        """Tell when the first of those is to be tried that wait for a moment."""
        mine = (_UNDER_WAY, _COLUMNS.integration_id == integration_id, _COLUMNS.state.in_(_UNTOLD), _is_first())
        found: datetime | None = self._connection.execute(select(func.min(_COLUMNS.retry_at)).where(*mine)).scalar_one()
        return found

    def change(self, fulfilment_id: int, states: Collection[FulfilmentState], **values: Any) -> bool:
        """Change one that is in one of *states*, and tell whether it was."""
        mine = and_(_COLUMNS.id == fulfilment_id, _COLUMNS.state.in_([state.value for state in states]))
        if values.get("state") == FulfilmentState.REFUSED:
            values |= {"content_key": None}  # so that the same parcel may be asked for again
        if values.get("state") in (FulfilmentState.REFUSED, FulfilmentState.SENT):
            number = case((_of_erased_order(), ""), else_=_COLUMNS.tracking_number)
            values |= {"before": None, "retry_at": None, "tracking_number": number}
        return self._connection.execute(update(fulfilments).where(mine).values(**values)).rowcount > 0

    def hurry(self, integration_id: int) -> None:
        """Let all be tried now that were put off, but for what may still be on its way to the store."""
        mine = and_(_COLUMNS.integration_id == integration_id, _COLUMNS.state == FulfilmentState.WAITING.value)
        self._connection.execute(update(fulfilments).where(mine).values(retry_at=None))

    def abandon(self, integration_id: int, reason: str) -> None:
        """Give up all of an integration that is removed; what became of those being told, nobody can look up."""
        mine = _COLUMNS.integration_id == integration_id
        waits = and_(mine, _COLUMNS.state == FulfilmentState.WAITING.value)
        refused = {"state": FulfilmentState.REFUSED.value, "reason": reason, "content_key": None, "retry_at": None}
        self._connection.execute(update(fulfilments).where(waits).values(**refused))
        sends = and_(mine, _COLUMNS.state == FulfilmentState.SENDING.value)
        unknown = {"state": FulfilmentState.UNKNOWN.value, "reason": reason, "retry_at": None}
        self._connection.execute(update(fulfilments).where(sends).values(**unknown))

    def erase(self, order_ids: Collection[int]) -> None:
        """Erase what tells of people from those of orders that are not under way any more."""
        mine = and_(among(self._connection, _COLUMNS.order_id, order_ids), _COLUMNS.state.not_in(_OPEN))
        self._connection.execute(update(fulfilments).where(mine).values(tracking_number="", before=None))

    def _lines(self, ids: Sequence[int]) -> defaultdict[int, tuple[FulfilmentLine, ...]]:
        found: defaultdict[int, tuple[FulfilmentLine, ...]] = defaultdict(tuple)
        line = fulfilment_lines.c
        mine = among(self._connection, line.fulfilment_id, ids)
        for row in self._connection.execute(select(fulfilment_lines).where(mine).order_by(line.external_id)):
            found[row.fulfilment_id] += (FulfilmentLine(external_id=row.external_id, quantity=row.quantity),)
        return found


def _stored(row: Any, lines: tuple[FulfilmentLine, ...]) -> StoredFulfilment:
    names = StoredFulfilment.model_fields.keys() - {"lines"}
    return StoredFulfilment(lines=lines, **{name: getattr(row, name) for name in names})


def _untold(row: Any, lines: tuple[FulfilmentLine, ...]) -> Untold:
    return Untold(
        id=row.id,
        order_id=row.order_id,
        order=row.external_id,
        number=row.number,
        state=FulfilmentState(row.state),
        lines=lines,
        tracking_number=row.tracking_number,
        carrier=row.carrier,
        shipped_at=row.shipped_at,
        reason=row.reason,
        sends=row.sends,
        before=None if row.before is None else Holding.model_validate_json(row.before),
        left_by=row.left_by,
    )


def _is_first() -> ColumnElement[bool]:
    """Tell whether no earlier one of the same order is under way."""
    earlier = fulfilments.alias("earlier")
    mine = and_(earlier.c.order_id == _COLUMNS.order_id, earlier.c.id < _COLUMNS.id)
    return ~exists().where(mine, earlier.c.state.in_(_OPEN))


def _of_erased_order() -> ColumnElement[bool]:
    return exists().where(orders.c.id == _COLUMNS.order_id, orders.c.erased_at.is_not(None))
