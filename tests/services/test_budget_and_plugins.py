"""What a plugin can do with the rate budget, and what it cannot."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from hub_core import Connection, Hub, Store
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import BudgetError, HubError, PluginError
from hub_core.services.budget import StoreBudget
from hub_core.storage.tables import rate_budgets
from hub_core.testing.clock import VirtualClock
from tests.channels.servers import LoopbackStore, reply, serving
from tests.hubs import rows, settings
from tests.imports import sources
from tests.quotashop.channel import OF_ALL_STORES, OF_THE_STORE, REPORTS

MOVED = reply(b"", "location: /", status="302 Found")
BROKEN = reply(b"", status="500 Oops")


@pytest.fixture
async def quota_hub(sqlite_hub_url: str, clock: VirtualClock) -> AsyncIterator[Hub]:
    """A hub with the quota shop, which may call this machine."""
    clock.leaping = True
    registry = ChannelRegistry.load([EntryPoint("quotashop", "tests.quotashop.channel", "hub.channels")])
    ours = settings().model_copy(update={"allow_private_network": True})
    async with Hub.open(sqlite_hub_url, settings=ours, clock=clock, registry=registry) as hub:
        yield hub


@asynccontextmanager
async def asked(hub: Hub, *replies: bytes, **how: Any) -> AsyncIterator[LoopbackStore]:
    """A shop whose channel was asked who it is."""
    async with serving(*(replies or (reply(),))) as shop:
        added = await hub.integrations.add(
            "quotashop", name="north", settings={"url": shop.url, "name": "north", **how}
        )
        await hub.integrations.authorize(added.id, {"password": "x"})
        yield shop


def used(hub: Hub) -> dict[tuple[str, str], int]:
    """How much was taken of each budget."""
    return {(row["scope"], row["name"]): row["granted"] for row in rows(hub, rate_budgets)}


async def test_a_request_takes_from_the_store_s_budget_and_the_application_s_before_the_store_is_known(
    quota_hub: Hub,
) -> None:
    async with asked(quota_hub) as shop:
        assert len(shop.heads) == 1
    assert used(quota_hub) == {("quotashop/north", "default"): 1, ("quotashop", "default"): 1}


async def test_redirects_and_repeated_requests_take_each_time_what_the_request_costs(quota_hub: Hub) -> None:
    async with asked(quota_hub, MOVED, BROKEN, MOVED, reply(), budget="reports", cost=2) as shop:
        assert len(shop.heads) == 4
    assert used(quota_hub) == {("quotashop/north", "reports"): REPORTS.depth}


@pytest.mark.parametrize("how", [{"budget": "mine"}, {"budget": ""}, {"cost": 0}, {"cost": -1}], ids=str)
async def test_no_request_leaves_that_names_no_budget_of_the_channel_or_costs_nothing(
    quota_hub: Hub, how: dict[str, Any]
) -> None:
    async with serving(reply()) as shop:
        added = await quota_hub.integrations.add(
            "quotashop", name="north", settings={"url": shop.url, "name": "north", **how}
        )
        with pytest.raises(PluginError, match="Report it to the plugin's author"):
            await quota_hub.integrations.authorize(added.id, {"password": "x"})
    assert (shop.heads, used(quota_hub)) == ([], {})


async def test_a_person_is_told_when_the_store_may_be_asked_again(quota_hub: Hub) -> None:
    store = StoreBudget(database=quota_hub.parts.database, scope="quotashop/north", budgets=(OF_THE_STORE,))
    await store.throttled("default", 1800)
    with pytest.raises(BudgetError, match="leaves no room now; the hub goes on in 30 minutes"):
        async with asked(quota_hub):
            pass


async def test_what_is_refused_by_one_budget_is_not_taken_from_the_other(quota_hub: Hub) -> None:
    everywhere = StoreBudget(database=quota_hub.parts.database, scope="quotashop/south", budgets=(OF_ALL_STORES,))
    await everywhere.throttled("default", 1800)
    with pytest.raises(HubError, match="goes on in 30 minutes"):
        async with asked(quota_hub):
            pass
    assert ("quotashop/north", "default") not in used(quota_hub)


def test_a_plugin_is_handed_no_other_way_to_the_network() -> None:
    known = {"http", "settings", "application", "credentials", "timezone", "currency"}
    assert {field.name for kind in (Connection, Store) for field in dataclasses.fields(kind)} == known


def test_no_plugin_of_this_project_brings_a_client_of_its_own() -> None:
    clients = {
        "aiohttp",
        "http.client",
        "httpcore",
        "httpx",
        "requests",
        "socket",
        "urllib3",
        "urllib.request",
        "asyncio",
    }
    brought = [
        f"{source.path}: {each}"
        for source in sources("plugins/*")
        if not {"tests", "sandbox"} & set(Path(source.path).parts)
        for each in source.imports()
        if {each.module, each.module.partition(".")[0], f"{each.module}.{each.name}"} & clients
    ]
    assert brought == []
