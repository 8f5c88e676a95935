"""What was planned while the clock was ahead: once it is set back, that lies too far in the future to wait for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from hub_core.storage.flows import LEASE_TIME
from hub_core.storage.tables import flow_state, outages

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.storage.database import Database

_MOMENT: Final = timedelta(seconds=1)
SLACK: Final = timedelta(minutes=1)
"""By how much clocks may differ without anything being planned anew."""


def is_ahead(connection: Connection, database: Database) -> bool:
    """Tell whether something was planned, or a lease given, at a moment that has not come yet."""
    planned = func.max(flow_state.c.planned_at) > database.now_sql(SLACK)
    held = func.max(flow_state.c.lease_until) > database.now_sql(LEASE_TIME + SLACK)
    return any(connection.execute(select(planned, held)).one())


def plan_anew(connection: Connection, database: Database) -> int:
    """Make due what was planned at a moment that has not come yet, and tell how many flows that were.

    A lease that is longer than one can be has run out: whoever holds it writes on, unless somebody takes the flow.
    """
    now, ahead = database.now_sql(), database.now_sql(SLACK)
    columns = flow_state.c
    planned = update(flow_state).where(columns.planned_at > ahead)
    flows = connection.execute(planned.values(next_due_at=now, planned_at=now, waits_until=None)).rowcount
    held = update(flow_state).where(columns.lease_until > database.now_sql(LEASE_TIME + SLACK))
    connection.execute(held.values(lease_until=database.now_sql(-_MOMENT), offered_until=None))
    connection.execute(update(outages).where(outages.c.since > ahead).values(since=now, until=now))
    return flows
