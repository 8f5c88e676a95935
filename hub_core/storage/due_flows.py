"""Which flows are due, and how urgently: the one rule, for whoever picks, claims or waits for them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, case, exists, func, literal, not_, or_, select, text, union_all

from hub_core.domain.integrations import PUSHING, Flow
from hub_core.domain.polls import Search
from hub_core.domain.urgency import Urgency
from hub_core.storage.tables import IS_DUE, flow_state, outages, pushes, searches

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select
    from sqlalchemy.sql.selectable import CompoundSelect

_KNOWN = [flow.value for flow in Flow]
_PUSHING = [flow.value for flow in PUSHING]


class DueFlow(NamedTuple):
    """A flow that is due and free: how urgently, and *since* when."""

    integration_id: int
    flow: Flow
    urgency: int
    since: datetime


class DueRule:
    """The rule in SQL, for the rows of *table* at the moment *now*."""

    def __init__(self, now: ColumnElement[datetime], table: FromClause = flow_state) -> None:
        self._now = select(now).scalar_subquery()  # asked for once, or PostgreSQL asks the clock for every row
        self._row = table.c

    @property
    def due(self) -> ColumnElement[bool]:
        """Tell whether a flow is due and free, and its store not known to be away."""
        return and_(self._row.open, or_(self._is_time, self._must_tell), self._may_start)

    @property
    def urgency(self) -> ColumnElement[int]:
        """Tell how urgent the work of a flow is: what was asked for, at least what it is by itself."""
        least = self.least
        return case((self._row.urgency > least, self._row.urgency), else_=least)

    @property
    def least(self) -> ColumnElement[int]:
        """Tell how urgent a flow is by itself; of orders, a poll that is due makes it more than the back-fill does."""
        flow = self._row.flow
        return case(
            (flow == Flow.STOCK.value, Urgency.STOCK.value),
            (flow == Flow.PRICES.value, Urgency.PRICES.value),
            (flow == Flow.FULFILMENT.value, Urgency.FULFILMENT.value),
            (flow == Flow.LISTINGS.value, Urgency.LISTINGS.value),
            (self._polls, Urgency.POLL.value),
            else_=Urgency.SWEEP.value,
        )

    @property
    def _is_time(self) -> ColumnElement[bool]:
        return self._row.next_due_at <= self._now

    @property
    def _must_tell(self) -> ColumnElement[bool]:
        """Tell whether a flow that is not backing off has something to tell its store."""
        waits_until = self._row.waits_until
        is_ready = and_(self._row.flow.in_(_PUSHING), or_(waits_until.is_(None), waits_until <= self._now))
        return and_(is_ready, exists().where(self._tells))

    @property
    def _tells(self) -> ColumnElement[bool]:
        return and_(pushes.c.integration_id == self._row.integration_id, pushes.c.flow == self._row.flow, IS_DUE)

    @property
    def _polls(self) -> ColumnElement[bool]:
        """Tell whether new orders are to be looked for now: by the first read of all, by the poll, or one under way."""
        state = searches.c
        return exists().where(
            state.integration_id == self._row.integration_id,
            or_(
                and_(state.search == Search.BASELINE.value, state.completed_at.is_(None)),
                and_(state.search == Search.NEW.value, state.due_at <= self._now),
                and_(state.search.in_([Search.NEW.value, Search.CHANGED.value]), state.began_at.is_not(None)),
            ),
        )

    @property
    def _may_start(self) -> ColumnElement[bool]:
        """Tell whether nobody works on a flow, and nobody waits for its store; a person need not wait for that.

        A flow that only a newer version of the hub knows is left to that one.
        """
        is_free = or_(self._row.lease_until.is_(None), self._row.lease_until < self._now)
        is_away = exists().where(outages.c.integration_id == self._row.integration_id, outages.c.until > self._now)
        return and_(self._row.flow.in_(_KNOWN), is_free, or_(self._row.urgency >= Urgency.MANUAL.value, not_(is_away)))

    def _since(self) -> ColumnElement[datetime]:
        changed = select(pushes.c.changed_at).where(self._tells).limit(1).scalar_subquery()
        return func.coalesce(changed, self._now, type_=self._now.type)

    def ready(self, *only: ColumnElement[bool]) -> CompoundSelect[tuple[int, str, int, datetime]]:
        """Select the flows that are due, by two ways that each have an index: by time, and by what is to be told.

        *only* those for which more holds are looked at.
        """
        row = self._row
        # the index of what is due by time is for open flows; SQLite finds it only where that is said in its words
        by_time = self._found(row.next_due_at).where(text("flow_state.open"), self._is_time, self._may_start, *only)
        anything = exists(select(literal(1)).select_from(pushes).where(IS_DUE))
        not_yet = or_(row.next_due_at.is_(None), row.next_due_at > self._now)
        by_change = self._found(self._since()).where(
            anything, row.open, not_yet, self._must_tell, self._may_start, *only
        )
        return union_all(by_time, by_change)

    def _found(self, since: ColumnElement[datetime]) -> Select[tuple[int, str, int, datetime]]:
        row = self._row
        return select(row.integration_id, row.flow, self.urgency.label("urgency"), since.label("since"))


def first_of(rule: DueRule, limit: int, oldest: int) -> Select[tuple[int, str, int, datetime]]:
    """Select of the urgent flows that are due, and of the others, the first *limit*, and the *oldest* as well."""
    ready = rule.ready().subquery("ready")
    kind = case((ready.c.urgency >= Urgency.PRICES.value, 1), else_=0)
    ties = (ready.c.since, ready.c.integration_id, ready.c.flow)
    place = func.row_number().over(partition_by=kind, order_by=(ready.c.urgency.desc(), *ties)).label("place")
    age = func.row_number().over(partition_by=kind, order_by=ties).label("age")
    ranked = select(*ready.c, place, age).subquery("ranked")
    found = ranked.c
    return (
        select(found.integration_id, found.flow, found.urgency, found.since)
        .where(or_(found.place <= limit, found.age <= oldest))
        .order_by(found.urgency.desc(), found.since, found.integration_id, found.flow)
    )
