"""Making of what is stored what is shown of an integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.integrations import TELLING, Flow, FlowStatus, Health, HealthState, Integration
from hub_core.services.health.besides import Beside
from hub_core.services.health.cases import Case, Owner, Verdict
from hub_core.services.health.reasons import judged
from hub_core.services.health.stops import stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub_core.channels.registry import ChannelRegistry
    from hub_core.services.health.surroundings import Surroundings
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.standings import FlowFacts

_WORST = (HealthState.FAILING, HealthState.LATE)


def shown(
    row: IntegrationRow,
    flows: Sequence[FlowFacts],
    channels: ChannelRegistry,
    around: Surroundings,
    beside: Beside | None = None,
) -> Integration:
    """Make of what is stored what is shown, and say what is to be known *beside* of one that is well."""
    channel = channels.channels.get(row.channel)
    stop = stopped(row, channel)
    owner = owner_of(row)
    cases = [Case(flow, owner, around) for flow in flows]
    verdicts = [stop or judged(case) for case in cases]
    return Integration(
        id=row.id,
        channel=row.channel,
        company=row.channel if channel is None else channel.info.company,
        name=row.name,
        enabled=row.enabled,
        connection=row.connection,
        settings=row.settings,
        rules=row.rules,
        store=row.store,
        health=_noted(
            _health(stop or _worst(verdicts) or _catching_up(verdicts) or _fine(row, cases)), beside or Beside()
        ),
        flows={case.flow.flow: _status(case, verdict) for case, verdict in zip(cases, verdicts, strict=True)},
        created_at=row.created_at,
        removed_at=row.removed_at,
    )


def owner_of(row: IntegrationRow) -> Owner:
    """Give what judging the flows of an integration takes of it."""
    store = row.store.key if row.store else str(row.id)
    return Owner(row.name, row.channel, store, row.rules, row.connected_at)


def _status(case: Case, verdict: Verdict) -> FlowStatus:
    flow, good_since = case.flow, case.good_since
    return FlowStatus(
        enabled=flow.enabled,
        last_run=flow.run_id,
        last_success_at=flow.last_success_at,
        next_run_at=flow.next_due_at if flow.open else None,
        freshness_seconds=None if good_since is None else max(0.0, (case.now - good_since).total_seconds()),
        target_seconds=case.target.total_seconds(),
        late=case.is_late,
        state=verdict.state,
        code=verdict.code,
        sentence=verdict.sentence,
        since=verdict.since,
    )


def _worst(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Give the worst of the flows' troubles; of equal ones the first."""
    troubled = [verdict for verdict in verdicts if verdict.state in _WORST]
    return min(troubled, key=lambda verdict: _WORST.index(verdict.state), default=None)


def _catching_up(verdicts: Sequence[Verdict]) -> Verdict | None:
    return next((verdict for verdict in verdicts if verdict.code == "catching_up"), None)


def _health(verdict: Verdict) -> Health:
    return Health(state=verdict.state, code=verdict.code, sentence=verdict.sentence, since=verdict.since)


def _noted(health: Health, beside: Beside) -> Health:
    """Say of one that is well what a person must decide, or else what its store would not do."""
    if health.code not in ("ok", "first_read"):
        return health
    if beside.undecided:
        parcels = "one parcel" if beside.undecided == 1 else f"{beside.undecided} parcels"
        sentence = (
            f"{health.sentence} But of {parcels} nobody knows whether the store was told; decide, as this says: "
            "hub orders fulfilments --state unknown"
        )
        return Health(state=HealthState.OK, code="fulfilment_unknown", sentence=sentence)
    if beside.webhook_problem is None:
        return health
    sentence = (  # what is told late by that, the polls find
        f"{health.sentence} Only its webhooks could not be asked for, which is tried again, so changes there are "
        f"seen at the next poll: {beside.webhook_problem}"
    )
    return Health(state=HealthState.OK, code="webhooks_failed", sentence=sentence)


def _fine(row: IntegrationRow, cases: Sequence[Case]) -> Verdict:
    off = [case.flow.flow for case in cases if not case.flow.enabled]
    if off:
        sentence = f"It works, but with {' and '.join(off)} switched off; run: hub integrations enable '{row.name}'"
        return Verdict(HealthState.OK, "flows_off", f"{sentence} --flow {off[0]}")
    if any(case.good_since is None for case in cases if Flow(case.flow.flow) not in TELLING):
        return Verdict(HealthState.OK, "first_read", "The first read of the store is under way.")
    return Verdict(HealthState.OK, "ok", "All is well.")
