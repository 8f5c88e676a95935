"""The hub as a whole, in numbers that the database adds up itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, case, exists, func, not_, or_, select

from hub_core.domain.integrations import ConnectionState
from hub_core.domain.pushes import Waiting
from hub_core.domain.rejects import RejectState
from hub_core.storage.tables import flow_state, integrations, pushes, rate_budgets, rejects

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from sqlalchemy import ColumnElement, Connection

    from hub_core.storage.database import Database


class Tally(NamedTuple):
    """How many integrations there are, and how many of them fail, or else are late."""

    integrations: int
    failing: int
    late: int


class LimitedBudget(NamedTuple):
    """A rate budget that is closed, or slower than stated."""

    scope: str
    name: str
    closed_until: datetime | None
    per_second: float | None


class OverviewRepository:
    """Adds up rows, by the clock of *database*."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._database = database

    def tally(self, loaded: Collection[str], passing: Collection[str]) -> Tally:
        """Count the integrations; of channels that are not *loaded* all fail, *passing* are problems that are none."""
        state, own = flow_state.c, integrations.c
        fails = and_(state.enabled, state.problem_code.is_not(None), state.problem_code.not_in(passing))
        flows = (
            select(
                state.integration_id,
                func.max(_one(fails)).label("fails"),
                func.max(_one(and_(state.open, state.late_since.is_not(None)))).label("is_late"),
            )
            .group_by(state.integration_id)
            .subquery()
        )
        works = and_(own.enabled, own.connection == ConnectionState.CONNECTED.value)
        locked_out = own.connection == ConnectionState.NEEDS_REAUTHORIZATION.value
        failing = or_(own.channel.not_in(loaded), locked_out, and_(works, flows.c.fails == 1))
        late = and_(works, flows.c.is_late == 1, not_(failing))
        statement = (
            select(func.count(), func.sum(_one(failing)), func.sum(_one(late)))
            .select_from(integrations)
            .join(flows, flows.c.integration_id == own.id, isouter=True)
            .where(own.removed_at.is_(None))
        )
        return Tally(*(int(count or 0) for count in self._connection.execute(statement).one()))

    def is_overdue(self, grace: timedelta) -> bool:
        """Tell whether anything has been due for longer than *grace*, and nobody works on it."""
        state, database = flow_state.c, self._database
        is_free = or_(state.lease_until.is_(None), state.lease_until < database.now_sql())
        overdue = exists().where(state.open, state.next_due_at <= database.now_sql(-grace), is_free)
        return bool(self._connection.execute(select(overdue)).scalar_one())

    def due(self) -> tuple[int, datetime | None]:
        """Count the flows whose time has come and on which nobody works, and tell since when the oldest waits."""
        state, now = flow_state.c, self._database.now_sql()
        is_free = or_(state.lease_until.is_(None), state.lease_until < now)
        which = select(func.count(), func.min(state.next_due_at)).where(state.open, state.next_due_at <= now, is_free)
        count, oldest = self._connection.execute(which).one()
        return int(count), oldest

    def totals(self) -> list[tuple[int, str, str | None]]:
        """Give what each flow has done in all, as it is kept, of integrations that are not removed."""
        state = flow_state.c
        statement = select(state.integration_id, state.flow, state.totals).join(
            integrations, integrations.c.id == state.integration_id
        )
        present = statement.where(integrations.c.removed_at.is_(None))
        return [tuple(row) for row in self._connection.execute(present.order_by(state.integration_id, state.flow))]

    def size(self) -> int:
        """Tell the bytes that the database takes."""
        if not self._database.is_sqlite:
            return int(self._connection.execute(select(func.pg_database_size(func.current_database()))).scalar_one())
        pages, size = (
            self._connection.exec_driver_sql(f"PRAGMA {what}").scalar_one() for what in ("page_count", "page_size")
        )
        return int(pages * size)

    def refusals(self) -> dict[str, int]:
        """Count how often the stores of each channel have refused requests as too many."""
        columns = rate_budgets.c
        found = self._connection.execute(select(columns.scope, columns.refusals).where(columns.refusals > 0))
        counted: Counter[str] = Counter()
        for scope, refusals in found:
            counted[scope.partition("/")[0]] += refusals
        return dict(counted)

    def waiting(self) -> dict[Waiting, int]:
        """Count the figures that are not sent now, by what they wait for."""
        waiting = pushes.c.waiting
        statement = select(waiting, func.count()).where(waiting.is_not(None)).group_by(waiting)
        return {Waiting(row[0]): int(row[1]) for row in self._connection.execute(statement)}

    def open_rejects(self) -> dict[int, int]:
        """Count the open rejects of each integration that has any."""
        columns = rejects.c
        mine = select(columns.integration_id, func.count()).where(columns.state == RejectState.OPEN.value)
        return {row[0]: int(row[1]) for row in self._connection.execute(mine.group_by(columns.integration_id))}

    def limited_budgets(self) -> list[LimitedBudget]:
        """List the rate budgets that are closed now, or were found to let through less than the channel states."""
        columns, now = rate_budgets.c, self._database.epoch_sql()
        is_closed = columns.closed_until > now
        found = select(
            columns.scope, columns.name, case((is_closed, columns.closed_until)).label("until"), columns.rate
        )
        rows = self._connection.execute(
            found.where(or_(is_closed, columns.rate.is_not(None))).order_by(columns.scope, columns.name)
        )
        return [LimitedBudget(row.scope, row.name, _moment(row.until), row.rate) for row in rows]


def _one(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _moment(epoch: float | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)
