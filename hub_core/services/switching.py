"""Enabling and disabling integrations, as a whole or one flow of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.audit import NewAudit
from hub_core.domain.errors import InputError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import Flow, Integration, IntegrationChange
from hub_core.domain.lifecycle import Move
from hub_core.services.announcing import Announcer
from hub_core.services.auditing import of
from hub_core.services.lookup import IntegrationLookup, locked
from hub_core.services.opening import open_flows
from hub_core.services.telling import ends_of
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.raises import release_raises
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.runs import Ended


class Switching(IntegrationLookup):
    """Switches integrations and their flows on and off."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._announcer = Announcer(parts)

    async def enable(self, integration: int | str, *, flow: Flow | str | None = None) -> Integration:
        """Let its flows, or only *flow*, work again from where they stopped: the orders first, then what follows.

        A flow that was switched off by itself stays so when the whole is enabled. Raises InputError for an unknown one.
        """
        row = await self._present(integration)
        if flow is not None:
            return await self._switch(row, self._flow_named(row, flow), on=True)

        def enable(connection: Connection) -> IntegrationChange | None:
            fresh = locked(connection, row)
            if not fresh.standing.changes(Move.ENABLE):
                return None
            if fresh.standing.after(Move.ENABLE).works:
                open_flows(connection, self._parts, fresh)
            IntegrationRepository(connection).change(row.id, enabled=True)
            self._note(connection, fresh, "integration.enabled")
            return IntegrationChange.ENABLED

        await self._announcer.change(row, enable)
        return await self._shown(row.id)

    async def disable(self, integration: int | str, *, flow: Flow | str | None = None) -> Integration:
        """Stop its flows, or only *flow*: no request leaves after this, and what is under way ends at a safe point."""
        row = await self._present(integration)
        if flow is not None:
            return await self._switch(row, self._flow_named(row, flow), on=False)

        def disable(connection: Connection) -> IntegrationChange | None:
            fresh = locked(connection, row)
            if not fresh.standing.changes(Move.DISABLE):
                return None
            FlowRepository(connection, self._parts.database).close(row.id)
            IntegrationRepository(connection).change(row.id, enabled=False)
            stopped = RunRepository(connection).stop_unfinished(row.id, self._parts.clock.now())
            self._note(connection, fresh, "integration.disabled", stopped)
            return IntegrationChange.DISABLED

        await self._announcer.change(row, disable)
        return await self._shown(row.id)

    def check_flows(self, integration: Integration, flows: Iterable[str]) -> None:
        """Raise InputError where one of *flows* cannot be switched, since the integration's channel has none such."""
        for flow in flows:
            self._flow_named(integration, flow)

    async def _switch(self, row: IntegrationRow, flow: Flow, *, on: bool) -> Integration:
        def switch(connection: Connection) -> IntegrationChange | None:
            fresh = locked(connection, row)
            flows = FlowRepository(connection, self._parts.database)
            if not flows.switch(row.id, flow, on=on):
                return None
            stopped = [] if on else self._stop(connection, row, flow)
            if on and fresh.standing.works:
                open_flows(connection, self._parts, fresh, [flow])
            kind = f"integration.flow_{'enabled' if on else 'disabled'}"
            self._note(connection, fresh, kind, stopped, flow=flow.value)
            return IntegrationChange.FLOW_ENABLED if on else IntegrationChange.FLOW_DISABLED

        await self._announcer.change(row, switch, flow=flow)
        return await self._shown(row.id)

    def _stop(self, connection: Connection, row: IntegrationRow, flow: Flow) -> list[Ended]:
        stopped = RunRepository(connection).stop_unfinished(row.id, self._parts.clock.now(), flow)
        if flow is Flow.ORDERS:
            release_raises(connection, row.id)
        return stopped

    def _flow_named(self, row: Integration | IntegrationRow, flow: Flow | str) -> Flow:
        """Give the flow that is named. Raises InputError where the channel has none such, as far as it is there."""
        channel = self._parts.channels.channels.get(row.channel)
        able = list(Flow) if channel is None else list(channel.flows)
        if flow in able:
            return Flow(flow)
        there = ", ".join(able) or "none"
        raise InputError(f"'{row.name}' has no flow '{flow}'; there are: {there}.", fields={"flows": str(flow)})

    def _note(
        self, connection: Connection, row: IntegrationRow, what: str, stopped: Iterable[Ended] = (), **data: str
    ) -> None:
        now = self._parts.clock.now()
        event = NewEvent(type=what, integration_id=row.id, data={"name": row.name, **data})
        EventRepository(connection).record([event, *ends_of(stopped)], now)
        AuditRepository(connection).record(NewAudit(what, of(row), after=data or None), now)
