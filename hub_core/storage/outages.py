"""Stores that do not answer: while one is away, one flow at a time tries whether it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, true, update

from hub_core.domain.errors import UnavailableError
from hub_core.storage.tables import flow_state, outages
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection


class OutageRepository:
    """Outages as rows, which whoever writes one has locked the flow for before."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def begin_try(
        self, integration_id: int, now: ColumnElement[datetime] | None, until: ColumnElement[datetime]
    ) -> bool:
        """Keep others from trying *until* then; False where somebody else does. Without *now* that does not count."""
        is_time = true() if now is None else outages.c.until <= now
        trying = update(outages).where(outages.c.integration_id == integration_id, is_time).values(until=until)
        return self._connection.execute(trying).rowcount > 0

    def keep_trying(self, integration_ids: Sequence[int], until: ColumnElement[datetime]) -> None:
        """Keep others from trying for longer."""
        self._connection.execute(
            update(outages).where(outages.c.integration_id.in_(integration_ids)).values(until=until)
        )

    def begin(self, integration_id: int, now: ColumnElement[datetime], until: ColumnElement[datetime]) -> None:
        """Note that a store does not answer; where that is known, nothing changes."""
        row = {"integration_id": integration_id, "since": now, "failures": 1, "until": until}
        self._connection.execute(insert_new(self._connection, outages).values(**row))

    def go_on(self, integration_id: int, failures: int | None, until: ColumnElement[datetime]) -> None:
        """Note when a store is tried again, which did not answer so often in a row; None leaves that as it is."""
        values = {} if failures is None else {"failures": failures}
        changed = update(outages).where(outages.c.integration_id == integration_id)
        self._connection.execute(changed.values(until=until, **values))

    def end(self, integration_id: int, now: ColumnElement[datetime]) -> None:
        """Note that a store answers: what began to fail since it was away is due at once.

        What failed before does so for a reason of its own, and keeps its own wait. The caller has locked the flows.
        """
        ended = delete(outages).where(outages.c.integration_id == integration_id).returning(outages.c.since)
        since = self._connection.execute(ended).scalar_one_or_none()
        if since is None:
            return
        columns = flow_state.c
        self._connection.execute(
            update(flow_state)
            .where(columns.integration_id == integration_id, columns.open)
            .where(columns.problem_code == UnavailableError.code, columns.problem_since >= since)
            .values(next_due_at=now, planned_at=now, waits_until=None)
        )
