"""The statement that chooses what is offered: long, so it is made once and not with every look."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    String,
    and_,
    bindparam,
    case,
    column,
    func,
    not_,
    or_,
    select,
    update,
)

from hub_core.domain.integrations import Flow
from hub_core.domain.urgency import Urgency
from hub_core.storage.due_flows import DueRule
from hub_core.storage.tables import flow_state, integrations

if TYPE_CHECKING:
    from sqlalchemy import CTE, ColumnElement, FromClause, Subquery, Update
    from sqlalchemy.types import TypeEngine

    from hub_core.storage.database import Database

OFFERED: Final = timedelta(seconds=20)
"""How long a flow is not offered again: what became of the first offer shows itself sooner."""
_GIVEN: Final = ("integration_id", "flow", "channel", "urgent", "urgency", "since")


class Offering:
    """Marks what is due as offered and gives it, of each lane as much as there is room for, the most urgent first.

    The lanes are given as four lists: `channels`, `urgents`, `frees` and `oldests`.
    """

    def __init__(self, database: Database) -> None:
        """Choose by the clock of *database*."""
        self._database = database
        self._made: dict[bool, Update] = {}

    def statement(self, *, urgent_only: bool) -> Update:
        """Give the statement; the one for urgent lanes only does not look at the others."""
        if urgent_only not in self._made or getattr(self._database.clock, "virtual", False):
            self._made[urgent_only] = self._make(urgent_only)
        return self._made[urgent_only]

    def _make(self, urgent_only: bool) -> Update:  # noqa: FBT001 - as a key it comes by position
        locked = self._locked(urgent_only)
        key = and_(flow_state.c.integration_id == locked.c.integration_id, flow_state.c.flow == locked.c.flow)
        marked = update(flow_state).where(key).values(offered_until=self._database.now_sql(OFFERED))
        return marked.returning(*(locked.c[name] for name in _GIVEN))

    def _locked(self, urgent_only: bool) -> CTE:  # noqa: FBT001
        """Lock what is to be offered, but for what somebody is just writing: that is looked at the next time."""
        chosen = _chosen(self._ranked(urgent_only))
        key = and_(flow_state.c.integration_id == chosen.c.integration_id, flow_state.c.flow == chosen.c.flow)
        locked = select(*chosen.c).select_from(flow_state.join(chosen, key))
        return locked.with_for_update(of=flow_state, skip_locked=True).cte("locked")

    def _ranked(self, urgent_only: bool) -> Subquery:  # noqa: FBT001
        """Number what is due within each lane, in its turn and by its age."""
        ready = DueRule(self._database.now_sql()).ready(*self._looked_at(urgent_only)).subquery("ready")
        urgent = (ready.c.urgency >= Urgency.PRICES.value).label("urgent")
        ties = (ready.c.since, ready.c.integration_id, ready.c.flow)
        lane = (integrations.c.channel, urgent)
        return (
            select(
                *ready.c,
                *lane,
                func.row_number().over(partition_by=lane, order_by=(ready.c.urgency.desc(), *ties)).label("place"),
                func.row_number().over(partition_by=lane, order_by=ties).label("age"),
                func.count().over(partition_by=lane).label("total"),
            )
            .join(integrations, integrations.c.id == ready.c.integration_id)
            .subquery("ranked")
        )

    def _looked_at(self, urgent_only: bool) -> list[ColumnElement[bool]]:  # noqa: FBT001
        """Leave out early what is offered, and what cannot be urgent where there is room for nothing else."""
        now = select(self._database.now_sql()).scalar_subquery()
        not_offered = or_(flow_state.c.offered_until.is_(None), flow_state.c.offered_until <= now)
        reads = flow_state.c.flow.in_([Flow.ORDERS.value, Flow.LISTINGS.value])
        may_be_urgent = or_(not_(reads), flow_state.c.urgency >= Urgency.PRICES.value)
        return [not_offered, may_be_urgent] if urgent_only else [not_offered]


def _chosen(ranked: Subquery) -> CTE:
    """Choose as much of each lane as there is room for; what goes by its age does not wait behind the more urgent."""
    found, room = ranked.c, _rooms()
    old = func.least(found.total, room.c.free, type_=Integer) // 10 + room.c.oldest
    by_age = found.age <= old
    first = case((found.urgent, Urgency.MANUAL.value), else_=Urgency.PRICES.value - 1)
    urgency = case((by_age, first), else_=found.urgency).label("urgency")
    return (
        select(found.integration_id, found.flow, found.channel, found.urgent, found.since, urgency)
        .join(room, and_(room.c.channel == found.channel, room.c.urgent == found.urgent))
        .where(or_(found.place <= room.c.free - old, by_age))
        .cte("chosen")
    )


def _rooms() -> FromClause:
    types: dict[str, TypeEngine[Any]] = {
        "channel": String(),
        "urgent": Boolean(),
        "free": Integer(),
        "oldest": Integer(),
    }
    lists = [bindparam(f"{name}s", type_=ARRAY(kind)) for name, kind in types.items()]
    named = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*lists).table_valued(*named, name="rooms").render_derived()
