"""Making of everything that was seen the report that people and programs read."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from hub_core.domain.integrations import HealthState
from hub_core.domain.pushes import Waiting
from hub_core.domain.status import BudgetStatus, HubStatus, IntegrationStatus, OpenMatters, ProcessStatus

if TYPE_CHECKING:
    from datetime import datetime

    from hub_core.domain.integrations import Integration
    from hub_core.services.overview import Seen
    from hub_core.services.parts import Parts
    from hub_core.storage.processes import EngineProcess

_RANK = (HealthState.FAILING, HealthState.LATE, HealthState.PAUSED, HealthState.OK)


def report(seen: Seen, parts: Parts) -> HubStatus:
    """Write the report, what is in trouble first."""
    ranked = sorted(seen.integrations, key=lambda one: (_RANK.index(one.health.state), one.name.casefold(), one.id))
    bad = any(one.health.state in (HealthState.FAILING, HealthState.LATE) for one in ranked)
    return HubStatus(
        status="degraded" if bad or parts.channels.faults else "ok",
        at=seen.around.now,
        version=version("hub-core"),
        database="sqlite" if parts.database.is_sqlite else "postgresql",
        processes=tuple(_process(*one) for one in seen.around.processes),
        integrations=tuple(map(_integration, ranked)),
        budgets=tuple(
            BudgetStatus(scope=one.scope, name=one.name, closed_until=one.closed_until, per_second=one.per_second)
            for one in seen.budgets
        ),
        faulty_plugins=parts.channels.faults,
        open=OpenMatters(
            rejects=sum(seen.rejects.values()),
            held_prices=seen.waiting.get(Waiting.CONFIRMATION, 0) + seen.waiting.get(Waiting.LIMIT, 0),
            refused_figures=seen.waiting.get(Waiting.REFUSED, 0),
        ),
    )


def _process(process: EngineProcess, seen_at: datetime) -> ProcessStatus:
    return ProcessStatus(
        kind=process.kind,
        host=process.host,
        pid=process.pid,
        version=process.version,
        slots=process.slots,
        busy=process.busy,
        channels=tuple(process.channels),
        seen_at=seen_at,
    )


def _integration(one: Integration) -> IntegrationStatus:
    return IntegrationStatus(
        id=one.id,
        name=one.name,
        channel=one.channel,
        enabled=one.enabled,
        connection=one.connection,
        health=one.health,
        flows=one.flows,
    )
