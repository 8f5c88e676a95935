"""Dropping what is too old: some rows at a time, and never one that somebody else is just working on."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import and_, delete, exists, func, not_, select, update

from hub_core.domain.rejects import RejectState
from hub_core.storage.among import among
from hub_core.storage.tables import events, flow_state, orders, rejects, runs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select, Table

BATCH: Final = 200
"""Rows that one transaction drops at most, so that nobody waits for it."""
_OVER = (RejectState.SETTLED.value, RejectState.DISCARDED.value)


class OldRuns(NamedTuple):
    """Some runs that ended before a moment, and after which one to look for more; None where all others are younger."""

    ids: Sequence[int]
    after: int | None


class RetentionRepository:
    """Rows that are too old. Each method drops what is older than *before*, as far as it goes, and tells how many."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def drop_texts_of_orders(self, before: datetime) -> int:
        """Drop texts that orders came from; their hashes stay, so that the same text is known when it comes again."""
        columns = orders.c
        old = select(columns.id).where(columns.raw.is_not(None), columns.sent_at < before).order_by(columns.sent_at)
        ids = self._free(old)
        self._connection.execute(update(orders).where(among(self._connection, columns.id, ids)).values(raw=None))
        return len(ids)

    def drop_texts_of_rejects(self, before: datetime) -> int:
        """Drop the texts of rejects that are settled or discarded; the others stay whole."""
        columns = rejects.c
        over = and_(columns.state.in_(_OVER), columns.at < before, func.length(columns.raw) > 0)
        ids = self._free(select(columns.id).where(over).order_by(columns.id))
        self._connection.execute(update(rejects).where(among(self._connection, columns.id, ids)).values(raw=b""))
        return len(ids)

    def old_runs(self, after: int, before: datetime) -> OldRuns:
        """Look for runs to drop, later in the table than *after*."""
        columns = runs.c
        ended = func.coalesce(columns.finished_at < before, False).label("ended")
        begun = (columns.created_at < before).label("begun")
        looked_at = select(columns.id, ended, begun).where(columns.id > after).order_by(columns.id).limit(BATCH)
        rows = self._connection.execute(looked_at).all()
        goes_on = any(row.begun for row in rows)
        return OldRuns([row.id for row in rows if row.ended], rows[-1].id if goes_on else None)

    def drop_runs(self, ids: Sequence[int]) -> int:
        """Drop those of some runs that have ended, but for the last one of each flow and the one it goes by."""
        columns = runs.c
        mine = and_(among(self._connection, columns.id, ids), columns.finished_at.is_not(None))
        old = self._free(select(columns.id).where(mine, _has_a_later_one(), not_(_is_gone_by())))
        return self._drop(runs, among(self._connection, columns.id, old))

    def drop_events(self, before: datetime) -> int:
        """Drop the oldest events, so that their numbers have no gaps, but for the very last one."""
        columns = events.c
        first, last = self._connection.execute(select(func.min(columns.id), func.max(columns.id))).one()
        if first is None:
            return 0
        old = and_(columns.id >= first, columns.id < last, columns.id < first + BATCH, columns.at < before)
        ids = self._free(select(columns.id).where(old).order_by(columns.id))
        oldest = [number for place, number in takewhile(lambda one: one[1] == first + one[0], enumerate(ids))]
        return self._drop(events, and_(columns.id >= first, columns.id < first + len(oldest)))

    def _free(self, wanted: Select[tuple[int]]) -> Sequence[int]:
        """Give, and lock, some rows that nobody else has locked."""
        rows = self._connection.execute(wanted.limit(BATCH).with_for_update(skip_locked=True))
        return [row.id for row in rows]

    def _drop(self, table: Table, which: ColumnElement[bool]) -> int:
        return self._connection.execute(delete(table).where(which)).rowcount


def _has_a_later_one() -> ColumnElement[bool]:
    """Tell whether a run is not the last of its flow; asked run by run, since a join would read all runs there are."""
    later = runs.alias("later")
    same_flow = and_(later.c.integration_id == runs.c.integration_id, later.c.kind == runs.c.kind)
    last = select(later.c.id).where(same_flow).order_by(later.c.id.desc()).limit(1)
    return runs.c.id < last.correlate(runs).scalar_subquery()


def _is_gone_by() -> ColumnElement[bool]:
    """Tell whether a flow still refers to a run."""
    return exists().where(flow_state.c.integration_id == runs.c.integration_id, flow_state.c.run_id == runs.c.id)
