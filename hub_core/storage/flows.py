"""The state of every flow: when it is due, who works on it, how it fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, exists, not_, or_, select, update

from hub_core.domain.errors import FlowClosedError, LeaseLostError
from hub_core.domain.integrations import PUSHING, ConnectionState, Flow
from hub_core.domain.pushes import Waiting
from hub_core.storage.tables import IS_DUE, flow_state, integrations, pushes
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from hub_core.domain.clock import Clock
    from hub_core.storage.database import Database

LEASE_TIME = timedelta(seconds=8)
_PUSHING = [flow.value for flow in PUSHING]
_FORWARD = {Flow.STOCK.value: 8, Flow.PRICES.value: 7}
"""How urgent it is to tell a store, also where nobody asked for it."""

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

    *died_run* is the run of an owner who never came to its end.
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
                next_due_at=case((and_(columns.flow.in_(_PUSHING), not_(_tries_again())), None), else_=self._now()),
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

    def lock(self, integration_id: int, flow: Flow) -> bool:
        """Keep the pages of a flow out until the transaction ends, and tell whether it is open."""
        key = {"integration": integration_id, "flow": flow.value}
        return bool(self._connection.execute(_OPEN.with_for_update(), key).scalar_one_or_none())

    def demand(self, integration_id: int, flow: Flow, urgency: int) -> None:
        """Make a flow due now; whoever works on it will find that more was asked. Raises FlowClosedError."""
        key = and_(flow_state.c.integration_id == integration_id, flow_state.c.flow == flow.value)
        result = self._connection.execute(
            update(flow_state)
            .where(key, flow_state.c.open)
            .values(
                next_due_at=self._now(),
                demand=flow_state.c.demand + 1,
                urgency=case((flow_state.c.urgency > urgency, flow_state.c.urgency), else_=urgency),
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
                demand=case((fails, columns.demand), else_=columns.demand + 1),
                urgency=case((columns.urgency > urgency, columns.urgency), else_=urgency),
            )
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

    def due(self, limit: int) -> list[tuple[int, Flow]]:
        """List the flows that are due and free, the most urgent first."""
        statement = (
            select(flow_state.c.integration_id, flow_state.c.flow)
            .where(self._is_due())
            .order_by(case(*_urgencies(), else_=flow_state.c.urgency).desc(), flow_state.c.next_due_at)
            .limit(limit)
        )
        return [(row.integration_id, Flow(row.flow)) for row in self._connection.execute(statement)]

    def _is_due(self) -> ColumnElement[bool]:
        return and_(flow_state.c.open, or_(flow_state.c.next_due_at <= self._now(), self._must_tell()), self._is_free())

    def _must_tell(self) -> ColumnElement[bool]:
        """Tell whether a flow that is not backing off has something to tell its store."""
        waits_until = flow_state.c.waits_until
        due = exists().where(
            pushes.c.integration_id == flow_state.c.integration_id, pushes.c.flow == flow_state.c.flow, IS_DUE
        )
        return and_(flow_state.c.flow.in_(_PUSHING), or_(waits_until.is_(None), waits_until <= self._now()), due)

    def _is_free(self) -> ColumnElement[bool]:
        return or_(flow_state.c.lease_until.is_(None), flow_state.c.lease_until < self._now())

    def claim(self, integration_id: int, flow: Flow, owner: str) -> Lease | None:
        """Take the lease of a flow if it is due and free; None says that it is not."""
        key = and_(flow_state.c.integration_id == integration_id, flow_state.c.flow == flow.value)
        before = self._connection.execute(select(flow_state.c.lease_owner).where(key).with_for_update()).first()
        row = self._connection.execute(
            update(flow_state)
            .where(key, self._is_due())
            .values(lease=flow_state.c.lease + 1, lease_owner=owner, lease_until=self._now(LEASE_TIME))
            .returning(flow_state, self._now().label("taken_at"))
        ).first()
        if row is None or before is None:
            return None
        return Lease(
            integration_id=integration_id,
            flow=flow,
            owner=owner,
            number=row.lease,
            demand=row.demand,
            died_run=row.run_id if before.lease_owner is not None else None,
            taken_at=row.taken_at,
            taken_monotonic=self._clock.monotonic(),
            failures=row.failures,
        )

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

    def held(self, leases: Sequence[Lease]) -> set[tuple[int, Flow]]:
        """Tell which of *leases* still hold, of flows that are still open."""
        columns = flow_state.c
        statement = select(columns.integration_id, columns.flow).where(
            columns.open, or_(*(lease.mine for lease in leases))
        )
        return {(row.integration_id, Flow(row.flow)) for row in self._connection.execute(statement)}

    def release(self, lease: Lease, wait: timedelta | None, *, backs_off: bool = False, **values: Any) -> bool:
        """End the work on a flow, due again after *wait*, or at once where more was asked; tell whether it is open.

        Without a *wait* nothing is planned. One that *backs_off* is not due earlier because of what it has to tell.
        Raises LeaseLostError.
        """
        again = flow_state.c.demand != lease.demand
        planned = None if wait is None else self._now(wait)
        row = self._connection.execute(
            update(flow_state)
            .where(lease.mine)
            .values(
                lease_owner=None,
                lease_until=None,
                next_due_at=case((again, self._now()), else_=planned),
                waits_until=planned if backs_off else None,
                urgency=case((again, flow_state.c.urgency), else_=0),
                **values,
            )
            .returning(flow_state.c.open)
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


def _tries_again() -> ColumnElement[bool]:
    waits = pushes.c.waiting.in_([Waiting.RETRY.value, Waiting.RECEIPT.value])
    again = or_(waits, pushes.c.unsure_until.is_not(None))
    return exists().where(
        pushes.c.integration_id == flow_state.c.integration_id, pushes.c.flow == flow_state.c.flow, again
    )


def _urgencies() -> list[tuple[ColumnElement[bool], int]]:
    return [
        (and_(flow_state.c.flow == flow, flow_state.c.urgency < urgency), urgency) for flow, urgency in _FORWARD.items()
    ]
