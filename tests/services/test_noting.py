"""Hints that come in while others are written."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from hub_core import Hub
from hub_core.channels.channel import Channel
from hub_core.domain.errors import StorageError
from hub_core.domain.webhooks import Hints
from hub_core.services.noting import Noting
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, settings, toyshop_registry


class Desk:
    """Notes hints of two integrations, and in which transactions they were written."""

    def __init__(self, hub: Hub, row: IntegrationRow) -> None:
        self.channel = hub.channels.channel("toyshop")
        self.row = row
        self.fails = False
        self.written: dict[Connection, list[tuple[int, set[str]]]] = {}
        self.noting = Noting(hub.parts.database, self.look)

    def look(self, connection: Connection, channel: Channel, row: IntegrationRow, hints: Hints) -> None:
        del channel
        if self.fails:
            raise StorageError("The disk is full.")
        self.written.setdefault(connection, []).append((row.id, set(hints.orders)))

    async def note(self, *orders: str, integration: int = 1) -> None:
        await self.noting.note(self.channel, replace(self.row, id=integration), Hints(orders=orders))

    def notes(self) -> list[list[tuple[int, set[str]]]]:
        return list(self.written.values())


@pytest.fixture
async def desk(sqlite_hub_url: str) -> AsyncIterator[Desk]:
    clock = VirtualClock(NOW)
    async with Hub.open(sqlite_hub_url, settings=settings(), clock=clock, registry=toyshop_registry()) as hub:
        added = await connected(hub, "north")
        row = await hub.parts.database.read(lambda connection: IntegrationRepository(connection).get(added.id))
        assert row is not None
        yield Desk(hub, row)


async def test_what_comes_meanwhile_is_written_together_by_integration(desk: Desk) -> None:
    first = asyncio.create_task(desk.note("A1"))
    await asyncio.sleep(0)
    await asyncio.gather(
        first, desk.note("B1", integration=2), desk.note("A2"), desk.note("A1"), desk.note("B2", integration=2)
    )
    assert desk.notes() == [[(1, {"A1"})], [(1, {"A1", "A2"}), (2, {"B1", "B2"})]]


async def test_each_caller_comes_back_when_what_he_said_is_written(desk: Desk) -> None:
    waiting = [asyncio.create_task(desk.note(order)) for order in ("A1", "A2")]
    await waiting[0]
    assert [(1, {"A1"})] in desk.notes() or [(1, {"A1", "A2"})] in desk.notes()
    await waiting[1]
    assert {order for note in desk.notes() for _, orders in note for order in orders} == {"A1", "A2"}


async def test_all_whose_hints_could_not_be_written_are_told(desk: Desk) -> None:
    desk.fails = True
    told: list[Any] = await asyncio.gather(*(desk.note(order) for order in ("A1", "A2")), return_exceptions=True)
    assert [str(error) for error in told] == ["The disk is full."] * 2
    desk.fails = False
    await desk.note("A3")
    assert desk.notes() == [[(1, {"A3"})]]


async def test_hints_of_one_who_went_away_are_written_with_the_next(desk: Desk) -> None:
    first = asyncio.create_task(desk.note("A1"))
    await asyncio.sleep(0)
    gone = asyncio.create_task(desk.note("A2"))
    await asyncio.sleep(0)
    gone.cancel()
    await first
    await desk.note("A3")
    assert desk.notes() == [[(1, {"A1"})], [(1, {"A2", "A3"})]]
