"""Writing down what stores hint at: what comes in while others' hints are written is written together after that.

So a store that calls a hundred times a second costs a few transactions, and each caller still is answered only when
what he said is safe.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from hub_core.domain.webhooks import Hints

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.storage.database import Database
    from hub_core.storage.integrations import IntegrationRow


class Look(Protocol):
    """What is written for one integration."""

    def __call__(self, connection: Connection, channel: Channel, row: IntegrationRow, hints: Hints, /) -> None:
        """Write it."""


@dataclass(slots=True)
class _Batch:
    """What is written together, by integration, and the work of writing it once that has begun."""

    noted: dict[int, tuple[Channel, IntegrationRow, Hints]] = field(default_factory=dict)
    work: asyncio.Task[None] | None = None

    def add(self, channel: Channel, row: IntegrationRow, hints: Hints) -> None:
        _, _, before = self.noted.get(row.id, (channel, row, Hints()))
        self.noted[row.id] = (channel, row, _both(before, hints))


class Noting:
    """Writes by *look*, one batch at a time."""

    def __init__(self, database: Database, look: Look) -> None:
        self._database = database
        self._look = look
        self._next = _Batch()
        self._turn = asyncio.Lock()

    async def note(self, channel: Channel, row: IntegrationRow, hints: Hints) -> None:
        """Write down what an integration's store hints at, and come back when that is done. Raises StorageError."""
        batch = self._next
        batch.add(channel, row, hints)
        async with self._turn:
            if batch.work is None:
                self._next = _Batch()
                batch.work = asyncio.create_task(self._write(batch))
            await asyncio.wait({batch.work})
        batch.work.result()

    async def _write(self, batch: _Batch) -> None:
        """Write a batch, by the numbers of the integrations: so all who take several flows take them."""

        def write(connection: Connection) -> None:
            for _, noted in sorted(batch.noted.items()):
                self._look(connection, *noted)

        await self._database.write(write)


def _both(one: Hints, other: Hints) -> Hints:
    return Hints(
        orders=tuple(dict.fromkeys((*one.orders, *other.orders))),
        any_orders=one.any_orders or other.any_orders,
        listings=one.listings or other.listings,
    )
