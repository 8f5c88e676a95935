"""Removing integrations, whatever happens meanwhile."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import ConflictError
from hub_core.domain.integrations import Flow
from hub_core.domain.lifecycle import Presence
from hub_core.services import announcing, removing
from hub_core.services.finishing import ABANDONED
from hub_core.services.removing import Removing
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.tables import authorizations, flow_state, integrations
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, filled, found, rows, settings, told
from tests.stockshop.desk import StockDesk
from tests.toyshop.shop import Shop, open_shop


class DiedError(BaseException):
    """The process is killed here."""


def presence(hub: Hub, integration: int) -> Presence:
    row = hub.parts.database.read_now(lambda connection: IntegrationRepository(connection).get(integration))
    assert row is not None
    return row.standing.presence


def die(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process die between closing an integration and destroying its credentials."""

    def killed(*_: Any) -> None:
        raise DiedError

    async def farewell(*_: Any) -> None:
        raise DiedError

    monkeypatch.setattr(Removing, "_say_farewell", farewell)
    monkeypatch.setattr(removing, "destroy", killed)


async def left_behind(hub: Hub, shop: Shop) -> int:
    integration = await connected(hub, shop)
    with pytest.MonkeyPatch.context() as patch:
        die(patch)
        with pytest.raises(DiedError):
            await hub.integrations.remove(integration.id)
    return integration.id


async def test_what_was_closed_and_not_destroyed_is_removed_for_everybody(hub: Hub) -> None:
    integration = await left_behind(hub, filled(open_shop("north"), 2))
    assert presence(hub, integration) is Presence.LEAVING
    assert await hub.integrations.list() == []
    assert (await hub.integrations.get(integration)).health.code == "removed"
    assert not any(row["open"] for row in rows(hub, flow_state))
    with pytest.raises(ConflictError, match="was removed; add the store anew"):
        await hub.integrations.remove(integration)
    assert (await told(hub))[-1] == {"type": "integration.removed", "name": "north"}


async def test_the_next_process_destroys_the_credentials(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    shop = filled(open_shop("north"), 2)
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        integration = await left_behind(hub, shop)
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        assert presence(hub, integration) is Presence.LEAVING
    clock.advance(ABANDONED.total_seconds())
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        assert presence(hub, integration) is Presence.GONE
        assert rows(hub, integrations)[0]["credentials"] is None


DYING = """
import asyncio, sys
from hub_core import Hub
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, settings, toyshop_registry
from tests.toyshop.shop import open_shop

async def hang():
    print("closed", flush=True)
    await asyncio.Event().wait()

async def work():
    async with Hub.open(sys.argv[1], settings=settings(), clock=VirtualClock(NOW), registry=toyshop_registry()) as hub:
        shop = open_shop("north")
        integration = await connected(hub, shop)
        shop.on_change = hang
        await hub.integrations.remove(integration.id)

asyncio.run(work())
"""


async def test_a_process_that_is_killed_during_the_farewell_leaves_nothing_open(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    pipe = asyncio.subprocess.PIPE
    call = (sys.executable, "-c", DYING, hub_url)
    process = await asyncio.create_subprocess_exec(*call, stdout=pipe, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"closed\n"
        process.kill()
        await process.wait()
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        (removed,) = await hub.integrations.list(removed=True)
        assert presence(hub, removed.id) is Presence.LEAVING
        assert not any(row["open"] for row in rows(hub, flow_state))
    clock.advance(ABANDONED.total_seconds())
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        assert presence(hub, removed.id) is Presence.GONE


async def test_the_engine_destroys_the_credentials_too(hub: Hub, clock: VirtualClock) -> None:
    integration = await left_behind(hub, open_shop("north"))
    engine = hub.engine()
    await engine.chores.tend()
    assert presence(hub, integration) is Presence.LEAVING
    clock.advance(ABANDONED.total_seconds())
    await engine.chores.tend()
    assert presence(hub, integration) is Presence.GONE


async def test_the_store_can_be_added_anew_before_the_farewell_is_over(hub: Hub) -> None:
    shop = filled(open_shop("north"), 2)
    old = await connected(hub, shop)
    await hub.sync(old.id)
    fresh: list[int] = []

    async def add_anew() -> None:
        shop.on_change = None
        fresh.append((await connected(hub, shop)).id)

    shop.on_change = add_anew
    await hub.integrations.remove(old.id)
    assert [each.id for each in await hub.integrations.list()] == fresh
    await hub.sync(fresh[0])
    assert [order.integration_id for order in await found(hub)].count(old.id) == 2
    assert (presence(hub, old.id), presence(hub, fresh[0])) == (Presence.GONE, Presence.PRESENT)


@pytest.mark.parametrize("how", ["hangs", "fails", "is cancelled", "lost its key"])
async def test_the_credentials_are_destroyed_whether_the_platform_heard_or_not(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    reached = asyncio.Event()

    async def heard() -> None:
        reached.set()
        if how == "fails":
            raise ZeroDivisionError
        await asyncio.Event().wait()

    shop.on_change = heard
    if how == "lost its key":
        sealed = {"credentials": "v1.unknown.key"}
        hub.parts.database.write_now(lambda each: IntegrationRepository(each).change(integration.id, **sealed))
    if how == "hangs":
        monkeypatch.setattr(announcing, "FAREWELL_SECONDS", 0.01)
    task = asyncio.create_task(hub.integrations.remove(integration.id))
    if how == "is cancelled":
        await reached.wait()
        task.cancel()
    await asyncio.wait({task})
    assert task.cancelled() == (how == "is cancelled")
    assert presence(hub, integration.id) is Presence.GONE


async def test_a_begun_sign_in_is_forgotten(hub: Hub) -> None:
    integration = await connected(hub)
    await hub.integrations.begin_authorization(integration.id)
    await hub.integrations.remove(integration.id)
    assert rows(hub, authorizations) == []


async def test_an_integration_whose_plugin_is_gone_is_listed_renamed_switched_and_removed(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        shop = filled(open_shop("north"), 2)
        integration = await connected(hub, shop)
        await hub.sync(integration.id)
    nothing = ChannelRegistry.load([])
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=nothing) as hub:
        (shown,) = await hub.integrations.list()
        assert (shown.health.state, shown.health.code) == ("failing", "channel_missing")
        assert (await hub.integrations.rename("north", "South")).name == "South"
        assert not (await hub.integrations.disable("South")).enabled
        assert (await hub.integrations.enable("South")).enabled
        assert not (await hub.integrations.disable("South", flow="orders")).flows[Flow.ORDERS].enabled
        assert (await hub.integrations.removal("South")).orders == 2
        await hub.integrations.remove("South")
        assert presence(hub, integration.id) is Presence.GONE
        assert len(await found(hub)) == 2


async def test_it_is_said_beforehand_what_will_not_be_told_any_more(desk: StockDesk) -> None:
    await desk.sets(a=4, b=5)
    await desk.prices(a="12.50")
    told = await desk.hub.integrations.removal(desk.integration.id)
    assert (told.orders, told.changes, told.webhooks) == (0, 3, False)
    assert "3 changes of stock and prices that it was not told yet are dropped" in told.sentence
    await desk.hub.integrations.remove(desk.integration.id)
    assert desk.shop.told == []
