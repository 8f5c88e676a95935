"""The state of every flow: when it is due, who works on it, how it fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, exists, func, literal, not_, or_, select, update

from hub_core.domain.errors import FlowClosedError, LeaseLostError
from hub_core.domain.fulfilments import FulfilmentState
from hub_core.domain.integrations import TELLING, ConnectionState, Flow
from hub_core.domain.pushes import Waiting
from hub_core.domain.urgency import Urgency
from hub_core.storage.database import NO_TIME, moment
from hub_core.storage.due_flows import DueFlow, DueRule, first_of
from hub_core.storage.outages import OutageRepository
from hub_core.storage.tables import flow_state, fulfilments, integrations, outages, pushes
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row
    from sqlalchemy.sql.dml import ReturningUpdate

    from hub_core.domain.clock import Clock
    from hub_core.storage.database import Database

LEASE_TIME = timedelta(seconds=8)
_TELLING = [flow.value for flow in TELLING]

# What every page, or every request, asks is made once: that takes longer than the database needs for it.
_OPEN = select(flow_state.c.open).where(
    flow_state.c.integration_id == bindparam("integration"), flow_state.c.flow == bindparam("flow")
)
_LEASED = (
    update(flow_state)
    .where(
        flow_state.c.integration_id == bindparam("of_integration"),
        flow_state.c.flow == bindparam("of_flow"),
        flow_state.c.lease == bindparam("number"),
        flow_state.c.lease_owner == bindparam("owner"),
    )
    .returning(flow_state.c.open)
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one flow of one integration, until it is taken by somebody else.

    *died_run* is the run of an owner who never came to its end. *outage* tells how often in a row the store has not
    answered, where it is away and this is the one try; None where it is not known to be away. *totals* are what the
    flow has done in all, which nobody but the holder of the lease changes.
    """

    integration_id: int
    flow: Flow
    owner: str
    number: int
    demand: int
    died_run: int | None
    taken_at: datetime
    taken_monotonic: float
    failures: int
    outage: int | None = None
    totals: str | None = None

    def now(self, clock: Clock) -> datetime:
        """Tell the present moment by the database's clock, without asking it again."""
        return self.taken_at + timedelta(seconds=clock.monotonic() - self.taken_monotonic)

    @property
    def mine(self) -> ColumnElement[bool]:
        """Give the condition under which this lease still holds."""
        return and_(
            flow_state.c.integration_id == self.integration_id,
            flow_state.c.flow == self.flow.value,
            flow_state.c.lease == self.number,
            flow_state.c.lease_owner == self.owner,
        )


class FlowRepository:
    """Flows as rows; every change of one is a single conditional UPDATE."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*, by the clock of *database*."""
        self._connection = connection
        self._database = database
        self._now = database.now_sql
        self._clock = database.clock

    def add(self, integration_id: int, flows: Iterable[Flow]) -> None:
        """Add the *flows* of an integration that it has not yet, closed until it is connected."""
        rows = [
            {"integration_id": integration_id, "flow": flow.value, "enabled": True, "open": False} for flow in flows
        ]
        if rows:
            self._connection.execute(insert_new(self._connection, flow_state), rows)

    def open(self, integration_id: int, flows: Iterable[Flow]) -> None:
        """Open those of *flows* that are enabled and closed, of an integration that is enabled and connected.

        Those that read are due at once; those that tell the store are as soon as there is something to tell, but at
        once where something was to be tried again.
        """
        columns = flow_state.c
        self._connection.execute(
            update(flow_state)
            .where(
                columns.integration_id == integration_id,
                columns.flow.in_([flow.value for flow in flows]),
                columns.enabled,
            )
            .values(
                open=True,
                next_due_at=case((and_(columns.flow.in_(_TELLING), not_(_tries_again())), None), else_=self._now()),
                planned_at=self._now(),
                waits_until=None,
                failures=0,
                problem_code=None,
                problem_sentence=None,
            )
        )

    def lacking(self, able: Mapping[str, Sequence[Flow]]) -> list[tuple[int, list[Flow], bool]]:
        """List the integrations whose channel is *able* to run flows that they lack or that should be open, with them.

        So it is after an upgrade of a plugin or of the hub, or where a plugin was missing while the integration was
        enabled. The last member tells whether the flows are to be open.
        """
        columns, state = integrations.c, flow_state.c
        runs = and_(columns.enabled, columns.connection == ConnectionState.CONNECTED.value)
        fit = and_(state.integration_id == columns.id, or_(state.open, not_(state.enabled), not_(runs)))
        statement = select(columns.id, columns.channel, runs.label("runs"), state.flow).join(
            flow_state, fit, isouter=True
        )
        found: dict[int, tuple[list[Flow], bool]] = {}
        for row in self._connection.execute(statement.where(columns.removed_at.is_(None))):
            flows, _ = found.setdefault(row.id, (list(able.get(row.channel, ())), bool(row.runs)))
            if row.flow in flows:
                flows.remove(Flow(row.flow))
        return [(one, flows, runs) for one, (flows, runs) in found.items() if flows]

    def close(self, integration_id: int) -> None:
        """Close all flows of an integration: no request leaves any more."""
        self._connection.execute(
            update(flow_state).where(flow_state.c.integration_id == integration_id).values(open=False)
        )

    def switch(self, integration_id: int, flow: Flow, *, on: bool) -> bool:
        """Switch one flow on, which opens nothing yet, or off, which closes it; tell whether that changed anything."""
        key = and_(flow_state.c.integration_id == integration_id, flow_state.c.flow == flow.value)
        closed = {} if on else {"open": False}
        changed = update(flow_state).where(key, flow_state.c.enabled != on).values(enabled=on, **closed)
        return self._connection.execute(changed).rowcount > 0

    def is_open(self, integration_id: int, flow: Flow) -> bool:
        """Tell whether requests may leave for a flow."""
        key = {"integration": integration_id, "flow": flow.value}
        return bool(self._connection.execute(_OPEN, key).scalar_one_or_none())

    def holds(self, lease: Lease) -> bool:
        """Tell whether *lease* still holds, of a flow that is still open."""
        held = self._connection.execute(select(flow_state.c.open).where(lease.mine)).scalar_one_or_none()
        return bool(held)

    def lock(self, integration_id: int, flow: Flow) -> bool:
        """Keep the pages of a flow out until the transaction ends, and tell whether it is open."""
        key = {"integration": integration_id, "flow": flow.value}
        return bool(self._connection.execute(_OPEN.with_for_update(), key).scalar_one_or_none())

    def lock_all(self, integration_id: int) -> None:
        """Keep the flows of an integration as they are until the transaction ends."""
        mine = select(flow_state.c.flow).where(flow_state.c.integration_id == integration_id)
        self._connection.execute(mine.order_by(flow_state.c.flow).with_for_update()).all()

    def demand(self, integration_id: int, flow: Flow, urgency: int) -> None:
        """Make a flow due now; whoever works on it will find that more was asked. Raises FlowClosedError."""
        key = and_(flow_state.c.integration_id == integration_id, flow_state.c.flow == flow.value)
        result = self._connection.execute(
            update(flow_state)
            .where(key, flow_state.c.open)
            .values(
                next_due_at=self._now(),
                planned_at=self._now(),
                demand=flow_state.c.demand + 1,
                urgency=case((flow_state.c.urgency > urgency, flow_state.c.urgency), else_=urgency),
                offered_until=_offered_unless_raised(urgency),
            )
        )
        if result.rowcount == 0:
            raise FlowClosedError

    def ask(self, integration_id: int, flow: Flow, urgency: int) -> None:
        """Ask for a flow that is open to run soon, but not before its time where it backs off after a failure."""
        columns = flow_state.c
        fails = columns.failures > 0
        self._connection.execute(
            update(flow_state)
            .where(columns.integration_id == integration_id, columns.flow == flow.value, columns.open)
            .values(
                next_due_at=case((fails, columns.next_due_at), else_=self._now()),
                planned_at=self._now(),
                demand=columns.demand + 1,
                urgency=case((columns.urgency > urgency, columns.urgency), else_=urgency),
                offered_until=_offered_unless_raised(urgency),
            )
        )

    def bring_forward(self, integration_id: int, flow: Flow, wait: timedelta) -> None:
        """Let a flow that does not back off be due after *wait* at the latest."""
        columns, latest = flow_state.c, self._now(wait)
        mine = and_(columns.integration_id == integration_id, columns.flow == flow.value)
        self._connection.execute(
            update(flow_state)
            .where(mine, columns.failures == 0, columns.next_due_at > latest)
            .values(next_due_at=latest, planned_at=self._now())
        )

    def dispossess(self, integration_id: int, flow: Flow) -> int | None:
        """Take a lease that has run out from its owner, who can write nothing then; give the run he was at."""
        key = and_(flow_state.c.integration_id == integration_id, flow_state.c.flow == flow.value)
        row = self._connection.execute(
            update(flow_state)
            .where(key, flow_state.c.lease_owner.is_not(None), flow_state.c.lease_until < self._now())
            .values(lease=flow_state.c.lease + 1, lease_owner=None, lease_until=None)
            .returning(flow_state.c.run_id)
        ).first()
        return None if row is None else row.run_id

    def due(self, limit: int, oldest: int = 1) -> list[DueFlow]:
        """List flows that are due and free, the most urgent first.

        Of urgent ones and of others each the first *limit*, and those *oldest* by their age.
        """
        rows = self._connection.execute(first_of(DueRule(self._now()), limit, oldest))
        return [DueFlow(row.integration_id, Flow(row.flow), row.urgency, row.since) for row in rows]

    def claim(self, integration_id: int, flow: Flow, owner: str) -> Lease | None:
        """Take the lease of a flow if it is due and free; None says that it is not.

        Of a store that is away only one flow is given, which tries whether it is back.
        """
        row, died = self._take(integration_id, flow, owner, died=False), False
        if row is None:
            row, died = self._take(integration_id, flow, owner, died=True), True
        if row is None:
            return None
        lease = Lease(
            integration_id=integration_id,
            flow=flow,
            owner=owner,
            number=row.lease,
            demand=row.demand,
            died_run=row.run_id if died else None,
            taken_at=row.taken_at,
            taken_monotonic=self._clock.monotonic(),
            failures=row.failures,
            outage=row.outage,
            totals=row.totals,
        )
        return lease if row.outage is None or self._tries(lease, row.urgency) else None

    def _take(self, integration_id: int, flow: Flow, owner: str, *, died: bool) -> Row[Any] | None:
        of_clock = self._database.clock_parameters(now=NO_TIME, until=LEASE_TIME)
        key = {"of_integration": integration_id, "of_flow": flow.value, "owner": owner}
        return self._connection.execute(_taking(bool(of_clock), died), {**key, **of_clock}).first()

    def _tries(self, lease: Lease, urgency: int) -> bool:
        """Tell whether this flow is the one that tries a store that is away; another gives its lease back."""
        until = self._now(LEASE_TIME)
        if OutageRepository(self._connection).begin_try(
            lease.integration_id, None if urgency >= Urgency.MANUAL else self._now(), until
        ):
            return True
        self._connection.execute(update(flow_state).where(lease.mine).values(lease_owner=None, lease_until=None))
        return False

    def fence(self, lease: Lease, **values: Any) -> bool:
        """Write *values* and a longer lease if *lease* still holds, and tell whether the flow is still open.

        This is the first statement of every transaction of a flow. Raises LeaseLostError, so that it writes nothing.
        """
        key = {
            "of_integration": lease.integration_id,
            "of_flow": lease.flow.value,
            "number": lease.number,
            "owner": lease.owner,
        }
        statement = _LEASED.values(lease_until=self._now(LEASE_TIME), **values)
        row = self._connection.execute(statement, key).first()
        if row is None:
            raise LeaseLostError
        return bool(row.open)

    def renew(self, leases: Sequence[Lease]) -> None:
        """Lengthen *leases*, as far as they still hold."""
        if leases:
            self._connection.execute(
                update(flow_state)
                .where(or_(*(lease.mine for lease in leases)))
                .values(lease_until=self._now(LEASE_TIME))
            )
        tries = [lease.integration_id for lease in leases if lease.outage is not None]
        if tries:
            OutageRepository(self._connection).keep_trying(tries, self._now(LEASE_TIME))

    def held(self, leases: Sequence[Lease]) -> dict[tuple[int, Flow], int]:
        """Tell which of *leases* still hold, of flows that are still open, and how urgent what else waits for each is.

        That is another flow of the integration that is due, or what was asked of this one meanwhile.
        """
        mine, other = flow_state.c, flow_state.alias("other")
        others = (
            select(func.max(DueRule(self._now(), other).urgency))
            .where(other.c.integration_id == mine.integration_id, other.c.flow != mine.flow)
            .where(DueRule(self._now(), other).due)
        )
        waits = others.scalar_subquery().label("waits")
        own = case((mine.flow == Flow.ORDERS.value, DueRule(self._now()).least), else_=0).label("own")
        statement = select(mine.integration_id, mine.flow, mine.demand, mine.urgency, own, waits).where(
            mine.open, or_(*(lease.mine for lease in leases))
        )
        rows = {(row.integration_id, Flow(row.flow)): row for row in self._connection.execute(statement)}
        demands = {(lease.integration_id, lease.flow): lease.demand for lease in leases}
        return {
            key: max(row.waits or 0, row.own, row.urgency if row.demand != demands[key] else 0)
            for key, row in rows.items()
        }

    def release(self, lease: Lease, wait: timedelta | None, *, backs_off: bool = False, **values: Any) -> bool:
        """End the work on a flow, due again after *wait*, or at once where more was asked; tell whether it is open.

        Without a *wait* nothing is planned. One that *backs_off* is due earlier only where a person asked for that.
        Raises LeaseLostError.
        """
        columns = flow_state.c
        asked = columns.demand != lease.demand
        again = and_(asked, or_(literal(not backs_off), columns.urgency >= Urgency.MANUAL.value))
        planned = None if wait is None else self._now(wait)
        row = self._connection.execute(
            update(flow_state)
            .where(lease.mine)
            .values(
                lease_owner=None,
                lease_until=None,
                next_due_at=case((again, self._now()), else_=planned),
                planned_at=self._now(),
                waits_until=planned if backs_off else None,
                urgency=case((asked, columns.urgency), else_=0),
                **values,
            )
            .returning(columns.open)
        ).first()
        if row is None:
            raise LeaseLostError
        return bool(row.open)

    def count_quiet_run(self, lease: Lease) -> None:
        """Count a scheduled run that found nothing."""
        key = and_(flow_state.c.integration_id == lease.integration_id, flow_state.c.flow == lease.flow.value)
        self._connection.execute(update(flow_state).where(key).values(quiet_runs=flow_state.c.quiet_runs + 1))

    def of(self, integration_ids: Sequence[int]) -> list[Row[Any]]:
        """Give the rows of the flows of some integrations."""
        statement = select(flow_state).where(flow_state.c.integration_id.in_(integration_ids))
        return list(self._connection.execute(statement.order_by(flow_state.c.integration_id, flow_state.c.flow)))


@cache
def _taking(is_bound: bool, died: bool) -> ReturningUpdate[Any]:  # noqa: FBT001 - what is cached by
    """Take a flow that is due, of an owner who *died* or of nobody, at the moment that is bound or the database's."""
    now, until = (moment(name, plus, is_bound=is_bound) for name, plus in (("now", NO_TIME), ("until", LEASE_TIME)))
    columns = flow_state.c
    key = and_(columns.integration_id == bindparam("of_integration"), columns.flow == bindparam("of_flow"))
    # by number: SQLite is told columns without their table in what is returned, which are the inner table's then
    outage = select(outages.c.failures).where(outages.c.integration_id == bindparam("of_integration"))
    return (
        update(flow_state)
        .where(key, columns.lease_owner.is_not(None) if died else columns.lease_owner.is_(None), DueRule(now).due)
        .values(lease=columns.lease + 1, lease_owner=bindparam("owner"), lease_until=until, offered_until=None)
        .returning(flow_state, outage.scalar_subquery().label("outage"), now.label("taken_at"))
    )


def _offered_unless_raised(urgency: int) -> ColumnElement[datetime | None]:
    """Let a flow that was offered as less urgent be offered anew, since its job waits behind others."""
    return case((flow_state.c.urgency < urgency, None), else_=flow_state.c.offered_until)


def _tries_again() -> ColumnElement[bool]:
    waits = pushes.c.waiting.in_([Waiting.RETRY.value, Waiting.RECEIPT.value])
    again = or_(waits, pushes.c.unsure_until.is_not(None))
    figures = exists().where(
        pushes.c.integration_id == flow_state.c.integration_id, pushes.c.flow == flow_state.c.flow, again
    )
    untold = fulfilments.c.state.in_([FulfilmentState.WAITING.value, FulfilmentState.SENDING.value])
    parcels = exists().where(fulfilments.c.integration_id == flow_state.c.integration_id, untold)
    return or_(figures, and_(flow_state.c.flow == Flow.FULFILMENT.value, parcels))
