"""Offering flows that are due to processes: as jobs, in queues of channels, which carry nothing but the trigger.

A row of `procrastinate_jobs` says by its queue who may take it, by its priority how urgent it is, and by its arguments
which flow of which integration is to be looked at. What is due is said by `flow_state` alone, so that a job may be
lost, come twice, come late or be of another version of the hub: whoever takes it claims the flow first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    DateTime,
    String,
    and_,
    column,
    delete,
    func,
    or_,
    select,
    table,
    text,
    update,
)

from hub_core.domain.integrations import Flow
from hub_core.storage.processes import ProcessRepository
from hub_core.storage.tables import flow_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from hub_core.storage.database import Database
    from hub_core.storage.offering import Offering

LOST: Final = timedelta(minutes=15)
"""Whoever took a job so long ago did not come to its end: a flow is worked on for seconds at a time."""
STALE: Final = timedelta(minutes=5)
"""A job that waited so long was offered again long ago, or nobody is there for its channel."""
_OFFERING: Final = 0x4875_624F_6666
"""The number of the lock under which flows are offered, and the one before the lock for what is urgent."""

_jobs = table("procrastinate_jobs", column("id", BigInteger), column("queue_name", String), column("status", String))
_events = table(
    "procrastinate_events", column("job_id", BigInteger), column("type", String), column("at", DateTime(timezone=True))
)
_WAITS = text("procrastinate_jobs.status = 'todo'")
_IS_AT_WORK = text("procrastinate_jobs.status = 'doing'")


class Lane(NamedTuple):
    """The flows of one channel that are urgent, or those that are not."""

    channel: str
    urgent: bool


class Room(NamedTuple):
    """How many flows of a lane may be offered: a tenth of them by their age alone, and the *oldest* besides."""

    free: int
    oldest: int


class Offer(NamedTuple):
    """A flow that is offered: to whom and how urgently."""

    lane: Lane
    integration_id: int
    flow: Flow
    urgency: int


class OfferRepository:
    """Offers, as far as there are processes that could take them."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*, by the clock of *database*."""
        self._connection = connection
        self._database = database

    def begin(self, *, urgent: bool = False) -> bool:
        """Keep all other processes from offering until the transaction ends; False where one is at it.

        What is *urgent* has a lock of its own, so that it does not wait for a look through a long backlog.
        """
        lock = func.pg_try_advisory_xact_lock(_OFFERING + urgent)
        return bool(self._connection.execute(select(lock)).scalar_one())

    def served(self) -> set[str]:
        """List the channels that a process is there for."""
        there = ProcessRepository(self._connection, self._database).there()
        return {channel for process, _ in there for channel in process.channels}

    def waiting(self) -> dict[str, int]:
        """Count the jobs that nobody has taken yet, by queue."""
        counted = select(_jobs.c.queue_name, func.count()).where(_WAITS).group_by(_jobs.c.queue_name)
        return {row[0]: row[1] for row in self._connection.execute(counted)}

    def offer(self, rooms: Mapping[Lane, Room], offering: Offering) -> list[Offer]:
        """Mark flows that are due as offered, and give them, of each lane the most urgent first."""
        if not rooms:
            return []
        names = ("channels", "urgents", "frees", "oldests")
        values = zip(*((*lane, *room) for lane, room in rooms.items()), strict=True)
        marked = offering.statement(urgent_only=all(lane.urgent for lane in rooms))
        found = self._connection.execute(marked, dict(zip(names, map(list, values), strict=True)))
        rows = sorted(found, key=lambda row: (-row.urgency, row.since))
        return [Offer(Lane(row.channel, row.urgent), row.integration_id, Flow(row.flow), row.urgency) for row in rows]

    def withdraw(self, integration_id: int, flow: Flow) -> None:
        """Let a flow be offered again at once: whoever took the job cannot work on it."""
        key = and_(flow_state.c.integration_id == integration_id, flow_state.c.flow == flow.value)
        self._connection.execute(update(flow_state).where(key).values(offered_until=None))

    def withdraw_all(self) -> None:
        """Let everything be offered again that nobody is just writing: what became of the offers is not known."""
        columns = flow_state.c
        offered = select(columns.integration_id, columns.flow).where(columns.offered_until > self._database.now_sql())
        free = offered.with_for_update(skip_locked=True).cte("free")
        key = and_(columns.integration_id == free.c.integration_id, columns.flow == free.c.flow)
        self._connection.execute(update(flow_state).where(key).values(offered_until=None))

    def has_waited(self, queues: Sequence[str], for_long: timedelta) -> bool:
        """Tell whether a job of *queues* has been waiting for so long."""
        since = self._database.now_sql(-for_long)
        offered = select(_events.c.job_id).where(_events.c.job_id == _jobs.c.id, _events.c.at <= since)
        found = select(_jobs.c.id).where(_WAITS, _jobs.c.queue_name.in_(queues), offered.exists()).limit(1)
        return self._connection.execute(found).first() is not None

    def tidy(self) -> None:
        """Delete the jobs that nobody will end, and those that have waited for nothing."""
        now = self._database.now_sql
        last = select(func.max(_events.c.at)).where(_events.c.job_id == _jobs.c.id).scalar_subquery()
        lost = and_(_IS_AT_WORK, last < now(-LOST))
        stale = and_(_WAITS, last < now(-STALE))
        self._connection.execute(delete(_jobs).where(or_(lost, stale)))
