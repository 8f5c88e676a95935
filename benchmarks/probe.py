"""When each flow was due and when it began, noted by the database itself in the moment in which a process takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from hub_core.storage.flows import LEASE_TIME
from hub_core.storage.tables import flow_state
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TAKEN: Final = sa.Table(
    "probe",
    sa.MetaData(),
    sa.Column("integration_id", sa.BigInteger),
    sa.Column("flow", sa.String(20)),
    sa.Column("due_at", UtcDateTime),
    sa.Column("until", UtcDateTime),
)
_NOTES: Final = (
    "INSERT INTO probe (integration_id, flow, due_at, until) "
    "VALUES (NEW.integration_id, NEW.flow, OLD.next_due_at, NEW.lease_until)"
)
_IS_TAKEN: Final = "NEW.lease_owner IS NOT NULL AND NEW.lease <> OLD.lease"
_SQLITE: Final = (f"CREATE TRIGGER probe AFTER UPDATE OF lease ON flow_state WHEN {_IS_TAKEN} BEGIN {_NOTES}; END",)
_POSTGRESQL: Final = (
    f"CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_NOTES}; RETURN NULL; END $$",
    f"CREATE TRIGGER probe AFTER UPDATE ON flow_state FOR EACH ROW WHEN ({_IS_TAKEN}) EXECUTE FUNCTION noted()",
)


class Start(NamedTuple):
    """A flow that was begun so many seconds after it was due."""

    integration_id: int
    flow: str
    late: float


def lay(connection: Connection) -> None:
    """Have every beginning noted from now on."""
    _TAKEN.create(connection)
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.execute(sa.text(statement))


def starts(connection: Connection, begin: datetime, end: datetime) -> list[Start]:
    """Give what was begun between two moments, but for what became due by a change of a row and not by the clock."""
    rows = connection.execute(sa.select(_TAKEN).where(_TAKEN.c.until.between(begin + LEASE_TIME, end + LEASE_TIME)))
    return [
        Start(row.integration_id, row.flow, (row.until - LEASE_TIME - row.due_at).total_seconds())
        for row in rows
        if row.due_at is not None
    ]


def waiting(connection: Connection) -> list[float]:
    """Give how late those are by now that are due and were not begun."""
    now = datetime.now(UTC)
    state = flow_state.c
    due = sa.select(state.next_due_at).where(state.open, state.next_due_at < now, state.lease_owner.is_(None))
    return [(now - at).total_seconds() for at in connection.execute(due).scalars()]
