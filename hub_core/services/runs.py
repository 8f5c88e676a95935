"""Runs: asking for one, and looking at what was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub_core.domain.errors import ConflictError, FlowClosedError, InputError, NotFoundError
from hub_core.domain.integrations import PUSHING, Flow
from hub_core.domain.pushes import Waiting
from hub_core.domain.runs import Run
from hub_core.domain.urgency import Urgency
from hub_core.services.lookup import IntegrationLookup
from hub_core.services.retention import Retention
from hub_core.services.telling import beginnings_of, ends_of
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.fulfilments import FulfilmentRepository
from hub_core.storage.pushes import PushRepository
from hub_core.storage.runs import Ended, RunRepository
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow


class Runs(IntegrationLookup):
    """Requests runs and lists them."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._retention = Retention(parts)

    async def request(self, integration: int | str, kinds: Sequence[str], *, anew: bool = True) -> list[Run]:
        """Ask for a run of each of *kinds*; where one is queued or under way, that one is given.

        What a store has refused or put off is tried again then, unless that is not to be done *anew*.

        Raises ConflictError where the integration is disabled or not authorised.
        """
        flows = [self._flow(kind) for kind in dict.fromkeys(kinds)]
        row = await self._reachable(integration)
        self._check_able(row, flows)
        now = self._parts.clock.now()

        def request(connection: Connection) -> list[Run]:
            database, runs = self._parts.database, RunRepository(connection)
            states, died = FlowRepository(connection, database), list[Ended]()
            for flow in sorted(flows):  # in this order everybody locks them
                states.demand(row.id, flow, Urgency.MANUAL)
                dead_run = states.dispossess(row.id, flow)
                died += [] if dead_run is None else runs.interrupt(dead_run, now)
            for flow in flows:
                if anew and flow in PUSHING:
                    PushRepository(connection, row.id, flow).let_go({Waiting.REFUSED, Waiting.RETRY})
            if anew and Flow.FULFILMENT in flows:
                FulfilmentRepository(connection).hurry(row.id)
            if Flow.ORDERS in flows:
                SearchRepository(connection).make_due(row.id, database.now_sql())
            asked = [runs.ask(row.id, flow, now) for flow in flows]
            EventRepository(connection).record([*ends_of(died), *beginnings_of(asked)], now)
            return [one.run for one in asked]

        try:
            return await self._parts.database.write(request)
        except FlowClosedError:
            await self._reachable(row.id)  # says what has happened to it since
            await self._check_switched_on(row, flows)
            raise ConflictError(f"'{row.name}' was being changed at that moment; try again.") from None

    def _check_able(self, row: IntegrationRow, flows: Sequence[Flow]) -> None:
        channel = self._parts.channels.channel(row.channel)
        for flow in flows:
            if flow not in channel.flows:
                raise ConflictError(f"The channel '{channel.key}' of '{row.name}' cannot do this: it has no {flow}.")

    async def _check_switched_on(self, row: IntegrationRow, flows: Sequence[Flow]) -> None:
        status = (await self._shown(row.id)).flows
        for flow in flows:
            if flow in status and not status[flow].enabled:
                command = f"hub integrations enable '{row.name}' --flow {flow}"
                raise ConflictError(f"The {flow} flow of '{row.name}' is switched off; run: {command}")

    @staticmethod
    def _flow(kind: str) -> Flow:
        try:
            return Flow(kind)
        except ValueError as error:
            known = ", ".join(Flow)
            raise InputError(f"There is no kind '{kind}'; there are: {known}.", fields={"kinds": kind}) from error

    async def page(
        self,
        *,
        integration: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """List runs, newest first, from the one with the id *before* on."""
        database = self._parts.database
        return await database.read(
            lambda connection: RunRepository(connection).find(
                database.now_sql(), integration=integration, before=before, limit=limit
            )
        )

    async def drop_old(self) -> int:
        """Drop some of the runs, events and texts that are too old, unless all were today; tell how many rows."""
        return await self._retention.drop_some()

    async def get(self, run_id: int) -> Run:
        """Give one run. Raises NotFoundError."""
        database = self._parts.database
        found = await database.read(lambda connection: RunRepository(connection).find(database.now_sql(), run=run_id))
        if not found:
            raise NotFoundError(f"There is no run {run_id}; 'hub runs' lists them.")
        return found[0]
