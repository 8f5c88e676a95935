"""How an integration is doing: one state, one reason, one sentence that says what to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub_core.domain.errors import InputError
from hub_core.domain.integrations import (
    PUSHING,
    ConnectionState,
    Flow,
    FlowStatus,
    Health,
    HealthState,
    Integration,
)
from hub_core.services.checks import validated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from hub_core.channels.channel import Channel
    from hub_core.channels.registry import ChannelRegistry
    from hub_core.storage.integrations import IntegrationRow

LATE_AFTER = timedelta(minutes=15)


def shown(
    row: IntegrationRow,
    flows: Sequence[Row[Any]],
    channels: ChannelRegistry,
    now: datetime,
    webhook_problem: str | None = None,
) -> Integration:
    """Make of what is stored what is shown; *webhook_problem* says why the store could not be asked for webhooks."""
    channel = channels.channels.get(row.channel)
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
        health=_noted(_health(row, flows, now, channel), webhook_problem),
        flows={Flow(flow.flow): _flow_status(flow, now) for flow in flows},
        created_at=row.created_at,
        removed_at=row.removed_at,
    )


def _flow_status(flow: Row[Any], now: datetime) -> FlowStatus:
    success: datetime | None = flow.last_success_at
    return FlowStatus(
        enabled=flow.enabled,
        last_run=flow.run_id,
        last_success_at=success,
        next_run_at=flow.next_due_at if flow.open else None,
        freshness_seconds=None if success is None else max(0.0, (now - success).total_seconds()),
    )


def _health(row: IntegrationRow, flows: Sequence[Row[Any]], now: datetime, channel: Channel | None) -> Health:
    stopped = _stopped(row, loaded=channel is not None) or _unusable(row, channel)
    return stopped or _troubled(flows) or _late(row, flows, now) or _fine(row, flows)


def _noted(health: Health, webhook_problem: str | None) -> Health:
    """Say of one that is well what its store would not do; what is told late by that, the polls find."""
    if webhook_problem is None or health.code not in ("ok", "first_read"):
        return health
    sentence = (
        f"{health.sentence} Only its webhooks could not be asked for, which is tried again, so changes there are "
        f"seen at the next poll: {webhook_problem}"
    )
    return Health(state=HealthState.OK, code="webhooks_failed", sentence=sentence)


def _unusable(row: IntegrationRow, channel: Channel | None) -> Health | None:
    """Say where another version of the plugin wants other settings than those that are stored."""
    if channel is None:
        return None
    try:
        validated(channel.info.settings, row.settings, "settings")
    except InputError as error:
        wrong = ", ".join(f"{name}: {reason}" for name, reason in error.fields.items())
        sentence = (
            f"Its settings are not those that this version of the plugin needs ({wrong.rstrip('.')}); run: "
            f"hub integrations set '{row.name}' --set KEY=VALUE"
        )
        return Health(state=HealthState.FAILING, code="settings_refused", sentence=sentence)
    return None


def _stopped(row: IntegrationRow, *, loaded: bool) -> Health | None:
    """Say why nothing is done for this integration at all."""
    name = row.name
    if row.removed_at is not None:
        return _paused("removed", f"'{name}' was removed; its orders stay readable.", row.removed_at)
    if not loaded:
        sentence = f"The plugin of the channel '{row.channel}' is not loaded; 'hub channels' says why."
        return Health(state=HealthState.FAILING, code="channel_missing", sentence=sentence)
    if row.connection is ConnectionState.AWAITING_AUTHORIZATION:
        sentence = f"The store has not let the hub in yet; run: hub integrations reauthorise '{name}'"
        return _paused("awaiting_authorization", sentence, row.created_at)
    if row.connection is ConnectionState.NEEDS_REAUTHORIZATION:
        reason = row.problem_sentence or "The store no longer accepts the hub's credentials."
        sentence = f"{reason} Run: hub integrations reauthorise '{name}'"
        return Health(
            state=HealthState.FAILING, code="needs_reauthorization", sentence=sentence, since=row.problem_since
        )
    if not row.enabled:
        return _paused("disabled", f"It is disabled; run: hub integrations enable '{name}'", None)
    return None


def _paused(code: str, sentence: str, since: datetime | None) -> Health:
    return Health(state=HealthState.PAUSED, code=code, sentence=sentence, since=since)


def _troubled(flows: Sequence[Row[Any]]) -> Health | None:
    for flow in flows:
        if flow.problem_code is not None and flow.enabled:
            return Health(
                state=HealthState.FAILING,
                code=flow.problem_code,
                sentence=flow.problem_sentence or "",
                since=flow.problem_since,
            )
    return None


def _late(row: IntegrationRow, flows: Sequence[Row[Any]], now: datetime) -> Health | None:
    intervals = {Flow.ORDERS: row.rules.order_interval, Flow.LISTINGS: row.rules.listing_interval}
    for flow in flows:
        if flow.flow not in intervals:
            continue
        patience = max(LATE_AFTER, 3 * timedelta(seconds=intervals[Flow(flow.flow)]))
        since = flow.last_success_at or row.connected_at
        if flow.open and since is not None and now - since > patience:
            sentence = f"The {flow.flow} were last read at {since:%Y-%m-%d %H:%M} UTC; see that 'hub serve' is running."
            return Health(state=HealthState.LATE, code="late", sentence=sentence, since=since)
    return None


def _fine(row: IntegrationRow, flows: Sequence[Row[Any]]) -> Health:
    off = [flow.flow for flow in flows if not flow.enabled]
    if off:
        sentence = f"It works, but with {' and '.join(off)} switched off; run: hub integrations enable '{row.name}'"
        return Health(state=HealthState.OK, code="flows_off", sentence=f"{sentence} --flow {off[0]}")
    if any(flow.last_success_at is None for flow in flows if flow.flow not in PUSHING):
        return Health(state=HealthState.OK, code="first_read", sentence="The first read of the store is under way.")
    return Health(state=HealthState.OK, code="ok", sentence="All is well.")
