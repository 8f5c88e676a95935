"""Asking for runs, and looking at what was done."""

import pytest

from hub_core import Hub
from hub_core.domain.errors import InputError, NotFoundError
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected


async def test_a_run_that_is_asked_for_is_queued(hub: Hub) -> None:
    integration = await connected(hub)
    (run,) = await hub.request_sync(integration.id, ["orders", "orders"])
    assert (run.integration_id, run.kind, run.state, run.started_at) == (integration.id, "orders", "queued", None)
    assert await hub.runs.get(run.id) == run


async def test_who_asks_again_gets_the_run_that_is_queued(hub: Hub) -> None:
    await connected(hub)
    first = await hub.request_sync("north", ["orders"])
    assert await hub.request_sync("north", ["orders"]) == first
    assert (await hub.sync("north")).id == first[0].id
    assert (await hub.request_sync("north", ["orders"]))[0].id > first[0].id


async def test_an_unknown_kind_is_refused_and_the_known_ones_are_named(hub: Hub) -> None:
    await connected(hub)
    with pytest.raises(InputError, match="There is no kind 'weather'; there are: orders"):
        await hub.request_sync("north", ["orders", "weather"])
    assert await hub.runs.page() == []


async def test_runs_are_listed_newest_first_in_pages(hub: Hub, clock: VirtualClock) -> None:
    north, south = await connected(hub, "north"), await connected(hub, "south")
    ids = []
    for integration in (north, south, north):
        ids.append((await hub.sync(integration.id)).id)
        clock.advance(61)
    assert [run.id for run in await hub.runs.page()] == ids[::-1]
    assert [run.id for run in await hub.runs.page(limit=2, before=ids[2])] == [ids[1], ids[0]]
    assert [run.id for run in await hub.runs.page(integration=south.id)] == [ids[1]]


async def test_there_is_no_run_that_never_was(hub: Hub) -> None:
    with pytest.raises(NotFoundError, match="'hub runs' lists them"):
        await hub.runs.get(4711)
