"""How flows stand: everything that their health is judged by, in one statement however many they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, case, not_, select

from hub_core.domain.integrations import PUSHING, Flow
from hub_core.domain.polls import Search
from hub_core.storage.tables import IS_DUE, flow_state, integrations, outages, pushes, rate_budgets, searches

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Row, ScalarSelect, Select

    from hub_core.storage.database import Database

_PUSHING = [flow.value for flow in PUSHING]
_STATE = flow_state.c
_OWN = (
    _STATE.integration_id,
    _STATE.flow,
    _STATE.enabled,
    _STATE.open,
    _STATE.next_due_at,
    _STATE.planned_at,
    _STATE.run_id,
    _STATE.last_success_at,
    _STATE.problem_code,
    _STATE.problem_sentence,
    _STATE.problem_since,
    _STATE.late_since,
)


class FlowFacts(NamedTuple):
    """How a flow stands.

    *planned_at* is when it last ended, paused, or was asked for; *read_at*, when the store's new orders were last read
    to the end; *unsent_since*, when the oldest figure changed that is due and not under way; *is_held*, whether
    somebody works on it; *away_since* and *away_until*, since when its store does not answer, and when it is tried.
    """

    integration_id: int
    flow: Flow
    enabled: bool
    open: bool
    next_due_at: datetime | None
    planned_at: datetime | None
    run_id: int | None
    last_success_at: datetime | None
    problem_code: str | None
    problem_sentence: str | None
    problem_since: datetime | None
    late_since: datetime | None
    is_held: bool
    read_at: datetime | None
    unsent_since: datetime | None
    away_since: datetime | None
    away_until: datetime | None


class StandingRepository:
    """Reads how flows stand, by the clock of *database*."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._database = database

    def flows(self, integration_ids: Collection[int] | None = None) -> list[FlowFacts]:
        """Give the flows of some integrations, or of all that are not removed."""
        found = self._found()
        if integration_ids is None:
            found = found.join(integrations, integrations.c.id == _STATE.integration_id)
            found = found.where(integrations.c.removed_at.is_(None))
        else:
            found = found.where(_STATE.integration_id.in_(integration_ids))
        return facts(self._connection.execute(found.order_by(_STATE.integration_id, _STATE.flow)).all())

    def _found(self) -> Select[Any]:
        return select(*standing(self._database)).select_from(flow_state).join(outages, _AWAY, isouter=True)

    def closed_budgets(self) -> dict[str, datetime]:
        """Tell which stores, or applications, let nothing through now, by their scope, and until when."""
        columns, now = rate_budgets.c, self._database.epoch_sql()
        statement = select(columns.scope, columns.closed_until).where(columns.closed_until > now)
        rows = self._connection.execute(statement.order_by(columns.closed_until))
        return {row.scope: _moment(row.closed_until) for row in rows}


def standing(database: Database) -> list[Any]:
    """Give the columns of `FlowFacts`, in their order, of flow_state joined with outages."""
    is_held = and_(_STATE.lease_owner.is_not(None), _STATE.lease_until >= database.now_sql())
    of_orders = case((_STATE.flow == Flow.ORDERS.value, _read_at()))
    of_figures = case((_STATE.flow.in_(_PUSHING), _unsent_since()))
    return [*_OWN, is_held, of_orders, of_figures, outages.c.since, outages.c.until]


_AWAY = outages.c.integration_id == _STATE.integration_id


def _read_at() -> ScalarSelect[datetime | None]:
    mine = searches.c.integration_id == _STATE.integration_id
    return select(searches.c.completed_at).where(mine, searches.c.search == Search.NEW.value).scalar_subquery()


def _unsent_since() -> ScalarSelect[datetime | None]:
    """Give when the oldest due figure changed; what drifted has changed in the store, what is under way has left."""
    columns = pushes.c
    mine = and_(columns.integration_id == _STATE.integration_id, columns.flow == _STATE.flow, IS_DUE)
    unsent = and_(mine, not_(columns.in_flight), columns.drifted_at.is_(None))
    return select(columns.changed_at).where(unsent).order_by(columns.changed_at).limit(1).scalar_subquery()


def facts(rows: Sequence[Row[Any]]) -> list[FlowFacts]:
    """Make facts of rows whose first columns are those of `standing`."""
    return [_facts(row) for row in rows]


def _facts(row: Row[Any]) -> FlowFacts:
    found = FlowFacts._make(row[: len(FlowFacts._fields)])
    return found._replace(flow=Flow(found.flow))


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
