"""Asking stores what became of what they promised to answer later."""

from __future__ import annotations

import json
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub_core.channels.dispatch import stream
from hub_core.domain.errors import PluginError
from hub_core.domain.pushes import OpenReceipt
from hub_core.services.push_kind import PUSH_DEADLINE
from hub_core.services.push_outcomes import RECEIPT_SECONDS, PushOutcomes
from hub_core.services.repetition import Idleness
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listings import ListingRepository
from hub_core.storage.push_rows import Sent
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts
    from hub_core.services.push_kind import PushKind


class Receipts:
    """Settles the open receipts of one kind of figure."""

    def __init__(self, parts: Parts, kind: PushKind) -> None:
        self._parts = parts
        self._kind = kind

    async def settle(self, run: FlowRun) -> None:
        """Ask for all whose time has come; those that are still open are asked for again later."""
        while receipts := await self._open(run):
            if not run.channel.implements("settle"):
                raise PluginError(
                    run.channel.key, f"push_{self._kind.flow}", "it gave receipts, but nothing settles them"
                )
            await self._ask(run, receipts)

    async def _open(self, run: FlowRun) -> list[Sent]:
        size, now = self._kind.batch(run.channel.info), run.lease.now(self._parts.clock)
        return await self._parts.database.read(
            lambda connection: PushRepository(connection, run.integration.id, self._kind.flow).receipts(now, size)
        )

    async def _ask(self, run: FlowRun, receipts: Sequence[Sent]) -> None:
        sent = {one.external_id: one for one in receipts}
        stored = PushOutcomes(self._parts, self._kind, run)
        asked = [OpenReceipt(one.external_id, _read(one.receipt), _read(one.handle)) for one in receipts]
        answers = stream(run.channel, "settle", deadline=PUSH_DEADLINE, store=run.store, receipts=asked)
        idleness = Idleness(run.channel.key, "settle", len(sent))
        async with aclosing(answers):
            async for outcomes in answers:
                await stored.store(outcomes, sent)
                await stored.flush()
                idleness.heard(len(sent))
        await self._wait_on(run, [one.listing_id for one in sent.values()])

    async def _wait_on(self, run: FlowRun, ids: Collection[int]) -> None:
        until = run.lease.now(self._parts.clock) + timedelta(seconds=RECEIPT_SECONDS)

        def wait_on(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            ListingRepository(connection).lock(ids)
            PushRepository(connection, run.integration.id, self._kind.flow).wait_on(ids, until)

        if ids:
            await self._parts.database.write(wait_on)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
