"""Why nothing is done for an integration at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.errors import InputError
from hub_core.domain.integrations import ConnectionState, HealthState
from hub_core.services.checks import validated
from hub_core.services.health.cases import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from hub_core.channels.channel import Channel
    from hub_core.storage.integrations import IntegrationRow


def stopped(row: IntegrationRow, channel: Channel | None) -> Verdict | None:
    """Give the first reason that holds; *channel* is None where its plugin is not loaded."""
    name = row.name
    if row.removed_at is not None:
        return _paused("removed", f"'{name}' was removed; its orders stay readable.", row.removed_at)
    if channel is None:
        sentence = f"The plugin of the channel '{row.channel}' is not loaded; 'hub channels' says why."
        return Verdict(HealthState.FAILING, "channel_missing", sentence)
    if row.connection is ConnectionState.AWAITING_AUTHORIZATION:
        sentence = f"The store has not let the hub in yet; run: hub integrations reauthorise '{name}'"
        return _paused("awaiting_authorization", sentence, row.created_at)
    if row.connection is ConnectionState.NEEDS_REAUTHORIZATION:
        reason = row.problem_sentence or "The store no longer accepts the hub's credentials."
        sentence = f"{reason} Run: hub integrations reauthorise '{name}'"
        return Verdict(HealthState.FAILING, "needs_reauthorization", sentence, row.problem_since)
    if not row.enabled:
        return _paused("disabled", f"It is disabled; run: hub integrations enable '{name}'", None)
    return _unusable(row, channel)


def _paused(code: str, sentence: str, since: datetime | None) -> Verdict:
    return Verdict(HealthState.PAUSED, code, sentence, since)


def _unusable(row: IntegrationRow, channel: Channel) -> Verdict | None:
    """Say where another version of the plugin wants other settings than those that are stored."""
    try:
        validated(channel.info.settings, row.settings, "settings")
    except InputError as error:
        wrong = ", ".join(f"{name}: {reason}" for name, reason in error.fields.items())
        sentence = (
            f"Its settings are not those that this version of the plugin needs ({wrong.rstrip('.')}); run: "
            f"hub integrations set '{row.name}' --set KEY=VALUE"
        )
        return Verdict(HealthState.FAILING, "settings_refused", sentence)
    return None
