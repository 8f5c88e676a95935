"""Telling once that a flow is in trouble, and once that it is over."""

import asyncio
from typing import Any

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import UnavailableError
from hub_core.engine.noticing import EVERY_SECONDS, Noticing
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import Desk
from tests.hubs import connected, settings, statements, told, worker, writing


async def looks(*noticing: Noticing, times: int = 2) -> None:
    """Let all look at the same moment."""
    for _ in range(times):
        await asyncio.gather(*(one.look() for one in noticing))


async def news(hub: Hub) -> list[dict[str, Any]]:
    wanted = ("integration.late", "integration.failing", "integration.recovered")
    return [event for event in await told(hub) if event["type"] in wanted]


async def test_a_flow_that_goes_late_is_told_once_and_its_return_once(desk: Desk) -> None:
    await desk.hub.sync(desk.integration.id)
    one, other = Noticing(desk.hub.parts), Noticing(desk.hub.parts)
    desk.clock.advance(299)
    worker(desk.hub)
    await looks(one, other)
    assert await news(desk.hub) == []
    desk.clock.advance(2)
    worker(desk.hub)
    await looks(one, other, times=3)
    (late,) = await news(desk.hub)
    assert (late["type"], late["flow"], late["code"]) == ("integration.late", "orders", "late")
    assert late["since"] == "2026-03-10T12:00:00Z"
    assert "were last read at 2026-03-10 12:00 UTC" in late["sentence"]
    await looks(Noticing(desk.hub.parts), times=3)  # a process that was started meanwhile
    await desk.hub.sync(desk.integration.id)
    await looks(one, other, Noticing(desk.hub.parts), times=3)
    _, over = await news(desk.hub)
    assert (over["type"], over["flow"], over["since"]) == ("integration.recovered", "orders", "2026-03-10T12:05:01Z")


async def test_what_passes_between_two_looks_is_no_news(desk: Desk) -> None:
    await desk.hub.sync(desk.integration.id)
    noticing = Noticing(desk.hub.parts)
    desk.clock.advance(600)
    worker(desk.hub)
    await noticing.look()
    await desk.hub.sync(desk.integration.id)
    await noticing.look()
    assert await news(desk.hub) == []


async def test_a_store_that_fails_for_long_is_told_though_its_data_are_still_young_enough(
    desk: Desk,
) -> None:
    await desk.hub.sync(desk.integration.id)
    desk.fails(UnavailableError)
    noticing = Noticing(desk.hub.parts)
    await desk.hub.sync(desk.integration.id)
    worker(desk.hub)
    await looks(noticing)
    assert await news(desk.hub) == []
    desk.clock.advance(300)
    worker(desk.hub)
    await looks(noticing, times=3)
    (failing,) = await news(desk.hub)
    assert (failing["type"], failing["code"]) == ("integration.failing", "unavailable")


async def test_a_store_that_fails_is_told_as_soon_as_its_data_are_too_old(desk: Desk) -> None:
    await desk.hub.sync(desk.integration.id)
    noticing = Noticing(desk.hub.parts)
    desk.clock.advance(200)
    desk.fails(UnavailableError)
    await desk.hub.sync(desk.integration.id)
    worker(desk.hub)
    await looks(noticing)
    assert await news(desk.hub) == []
    desk.clock.advance(101)
    worker(desk.hub)
    await looks(noticing)
    (failing,) = await news(desk.hub)
    assert (failing["type"], failing["code"]) == ("integration.failing", "unavailable")


async def test_that_nobody_works_on_a_channel_is_told_by_a_process_that_lacks_it(
    desk: Desk, hub_url: str, clock: VirtualClock
) -> None:
    await desk.hub.sync(desk.integration.id)
    clock.advance(600)
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=ChannelRegistry.load([])) as other:
        await looks(Noticing(other.parts))
    (lacking,) = await news(desk.hub)
    assert (lacking["type"], lacking["code"]) == ("integration.failing", "no_worker")


async def test_one_that_was_disabled_while_it_was_late_has_not_returned(desk: Desk) -> None:
    await desk.hub.sync(desk.integration.id)
    noticing = Noticing(desk.hub.parts)
    desk.clock.advance(600)
    await looks(noticing)
    await desk.hub.integrations.disable(desk.integration.id)
    desk.clock.advance(3600)
    await desk.hub.integrations.enable(desk.integration.id)
    await looks(noticing)
    assert [one["type"] for one in await news(desk.hub)] == ["integration.failing"]
    await desk.hub.sync(desk.integration.id)
    await looks(noticing)
    assert [one["type"] for one in await news(desk.hub)] == ["integration.failing", "integration.recovered"]


async def test_looking_at_a_hub_that_is_well_takes_one_statement_and_writes_nothing(hub: Hub) -> None:
    for name in ("north", "south", "east"):
        await connected(hub, name)
        await hub.sync(name)
    with statements(hub) as seen:
        await Noticing(hub.parts).look()
    assert (len([one for one in seen if "flow_state" in one]), writing(seen)) == (1, [])


@pytest.mark.parametrize("count", [1, 5])
async def test_looking_at_trouble_takes_as_many_statements_however_many_there_are(
    hub: Hub, clock: VirtualClock, count: int
) -> None:
    for number in range(count):
        await connected(hub, f"shop-{number}")
        await hub.sync(f"shop-{number}")
    clock.advance(600)
    noticing = Noticing(hub.parts)
    with statements(hub) as seen:
        await looks(noticing)
    assert len(await news(hub)) == count
    assert len([one for one in seen if not one.startswith(("BEGIN", "COMMIT", "SELECT 1"))]) <= 12


async def test_a_chore_looks_no_more_often_than_it_must(hub: Hub, clock: VirtualClock) -> None:
    noticing = Noticing(hub.parts)
    await noticing.look_once_in_a_while()
    with statements(hub) as seen:
        await noticing.look_once_in_a_while()
    assert seen == []
    clock.advance(EVERY_SECONDS)
    with statements(hub) as seen:
        await noticing.look_once_in_a_while()
    assert seen != []
