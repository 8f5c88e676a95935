"""The rate budget as the client of a store sees it."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection

from hub_core import Hub, RateBudget
from hub_core.domain.errors import FlowClosedError, PluginError
from hub_core.domain.integrations import Flow
from hub_core.services.budget import StoreBudget
from hub_core.services.handles import Handles
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected
from tests.quotashop.channel import OF_ALL_STORES, OF_THE_STORE, REPORTS

SMALL = RateBudget(depth=2, per_second=1)


async def budget(hub: Hub, *budgets: RateBudget) -> StoreBudget:
    integration = await connected(hub)
    return StoreBudget(
        database=hub.parts.database, scope="toyshop/north", budgets=budgets, flow=(integration.id, Flow.ORDERS)
    )


@pytest.mark.parametrize("flow", [None, "orders"])
@pytest.mark.parametrize("budgets", [(), (SMALL,), (RateBudget(depth=1, per_second=0),)], ids=str)
async def test_no_request_leaves_once_the_flow_is_switched_off(
    hub: Hub, budgets: tuple[RateBudget, ...], flow: str | None
) -> None:
    store = await budget(hub, *budgets)
    assert await store.take("default", 1) == 0.0
    await hub.integrations.disable("north", flow=flow)
    with pytest.raises(FlowClosedError):
        await store.take("default", 1)


async def test_what_a_person_asks_for_needs_no_open_flow(hub: Hub) -> None:
    await hub.integrations.disable((await connected(hub)).id)
    store = StoreBudget(database=hub.parts.database, scope="toyshop/north", budgets=(SMALL,))
    assert await store.take("default", 1) == 0.0


async def test_all_who_ask_for_a_store_share_its_budget(hub: Hub) -> None:
    store = await budget(hub, SMALL)
    other = StoreBudget(database=hub.parts.database, scope="toyshop/north", budgets=(SMALL,))
    granted = await asyncio.gather(*(each.take("default", 1) for each in (store, other) * 4))
    assert granted.count(0.0) == 2


@pytest.mark.parametrize("budgets", [(), (RateBudget(depth=1, per_second=0),)], ids=str)
async def test_a_budget_that_is_switched_off_or_not_stated_at_all_grants_everything(
    hub: Hub, budgets: tuple[RateBudget, ...]
) -> None:
    store = await budget(hub, *budgets)
    assert [await store.take("default", 1) for _ in range(9)] == [0.0] * 9
    await store.throttled("default", 60)
    assert (await store.take("default", 1), await store.room("default")) == (0.0, 0.0)


@pytest.mark.parametrize("budgets", [(), (SMALL,), (RateBudget(depth=1, per_second=0),)], ids=str)
async def test_a_budget_that_the_channel_does_not_state_is_the_plugin_s_fault(
    hub: Hub, budgets: tuple[RateBudget, ...]
) -> None:
    store = await budget(hub, *budgets)
    for deed in (store.take("unknown", 1), store.room("unknown"), store.throttled("unknown", 5)):
        with pytest.raises(PluginError, match="'toyshop' failed in a request: it names the rate budget 'unknown'"):
            await deed


@pytest.mark.parametrize("cost", [0, -5])
async def test_a_request_that_costs_nothing_is_the_plugin_s_fault(hub: Hub, cost: int) -> None:
    store = await budget(hub, SMALL)
    with pytest.raises(PluginError, match=f"it costs {cost} of the rate budget 'default'"):
        await store.take("default", cost)
    assert [await store.take("default", 1) for _ in range(3)].count(0.0) == 2


async def test_a_refusal_is_known_to_all(hub: Hub) -> None:
    store = await budget(hub, SMALL)
    await store.take("default", 1)
    await store.throttled("default", 30)
    other = StoreBudget(database=hub.parts.database, scope="toyshop/north", budgets=(SMALL,))
    assert await other.take("default", 1) >= 30


async def test_a_store_that_is_connected_anew_has_the_budget_that_it_had(hub: Hub) -> None:
    scopes = []
    for _ in range(2):
        integration = await connected(hub)
        row = await hub.parts.database.read(partial(_row, integration.id))
        async with Handles(hub.parts).store(hub.channels.channel("toyshop"), row) as store:
            assert isinstance(store.http._budget, StoreBudget)
            scopes.append(store.http._budget.scope)
        await hub.integrations.remove(integration.id)
    assert scopes == ["toyshop/north"] * 2


def _row(integration_id: int, connection: Connection) -> IntegrationRow:
    row = IntegrationRepository(connection).get(integration_id)
    assert row is not None
    return row


async def test_reads_leave_a_fifth_of_the_budget_to_what_stores_are_told(hub: Hub) -> None:
    orders = await budget(hub, RateBudget(depth=10, per_second=1))
    assert [await orders.take("default", 1) for _ in range(9)].count(0.0) == 8
    person = StoreBudget(database=hub.parts.database, scope=orders.scope, budgets=orders.budgets)
    assert [await person.take("default", 1) for _ in range(3)].count(0.0) == 2


async def test_room_is_told_without_taking_any(hub: Hub) -> None:
    store = await budget(hub, SMALL)
    assert await store.room("default") == 0.0
    assert [await store.take("default", 1) for _ in range(2)] == [0.0, 0.0]
    assert await store.room("default") == await store.room("default") > 0


async def test_a_back_fill_that_asks_for_all_it_can_get_holds_up_neither_pushes_nor_people(hub: Hub) -> None:
    limit = RateBudget(depth=10, per_second=1)
    orders = await budget(hub, limit)
    assert orders.flow is not None
    number = orders.flow[0]
    stock, person = replace(orders, flow=(number, Flow.STOCK)), replace(orders, flow=None)

    def begin(connection: Connection) -> None:
        flows = FlowRepository(connection, hub.parts.database)
        flows.add(number, [Flow.STOCK])
        flows.open(number, [Flow.STOCK])

    await hub.parts.database.write(begin)
    for _ in range(30):
        while not await orders.take("default", 1):
            pass
        clock_of(hub).advance(1)
        first = stock if _ % 2 else person
        assert (await first.room("default"), await first.take("default", 1)) == (0.0, 0.0)


async def test_who_reads_finds_no_room_in_what_it_leaves_to_others(hub: Hub) -> None:
    orders = await budget(hub, RateBudget(depth=10, per_second=1))
    assert [await orders.take("default", 1) for _ in range(9)].count(0.0) == 8
    assert await orders.room("default") == pytest.approx(await orders.take("default", 1))
    assert await replace(orders, flow=None).room("default") == 0.0


def quota(hub: Hub, store: str) -> StoreBudget:
    limits = (OF_ALL_STORES, OF_THE_STORE, REPORTS)
    return StoreBudget(database=hub.parts.database, scope=f"quotashop/{store}", budgets=limits)


async def taken(store: StoreBudget, name: str = "default") -> int:
    """Take as long as it is granted."""
    count = 0
    while not await store.take(name, 1):
        count += 1
    return count


async def test_all_stores_of_an_application_share_the_budget_that_is_its_own(hub: Hub) -> None:
    assert [await taken(quota(hub, store)) for store in ("north", "south", "west")] == [10, 5, 0]
    assert await taken(quota(hub, "north"), "reports") == await taken(quota(hub, "south"), "reports") == 2


async def test_of_two_budgets_both_are_taken_from_or_none(hub: Hub) -> None:
    assert [await taken(quota(hub, store)) for store in ("north", "south")] == [10, 5]
    for _ in range(50):
        assert await quota(hub, "south").take("default", 1) > 0
    clock_of(hub).advance(2)
    # Five are left of the store's own, as nothing was taken from it while the application's had no room.
    assert (await taken(quota(hub, "south")), await taken(quota(hub, "north"))) == (4, 0)
    clock_of(hub).advance(1)
    assert (await taken(quota(hub, "south")), await taken(quota(hub, "north"))) == (2, 0)


async def test_a_refusal_of_one_store_silences_no_other(hub: Hub) -> None:
    await quota(hub, "north").take("default", 1)
    await quota(hub, "north").throttled("default", 60)
    assert await quota(hub, "north").take("default", 1) >= 60
    assert await quota(hub, "south").take("default", 1) == 0.0


async def test_a_refusal_closes_a_budget_that_only_the_application_has_for_all(hub: Hub) -> None:
    north, south = (replace(quota(hub, store), budgets=(OF_ALL_STORES,)) for store in ("north", "south"))
    await north.take("default", 1)
    await north.throttled("default", 60)
    assert await south.take("default", 1) >= 60


async def test_stores_of_different_channels_share_nothing(hub: Hub) -> None:
    north = replace(quota(hub, "north"), budgets=(OF_ALL_STORES,))
    other = replace(north, scope="toyshop/north")
    assert (await taken(north), await taken(other)) == (15, 15)


async def test_many_who_ask_for_both_budgets_at_once_get_what_there_is_and_do_not_stand_in_each_other_s_way(
    hub: Hub,
) -> None:
    stores = [quota(hub, store) for store in ("north", "south", "west", "east")]
    granted = await asyncio.gather(*(store.take("default", 1) for store in stores * 8))
    assert granted.count(0.0) == 15


async def test_a_lowered_rate_is_logged_once(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    store = await budget(hub, SMALL)
    await store.take("default", 1)
    for _ in range(3):
        await store.throttled("default", 5)
    assert [record.getMessage() for record in caplog.records] == [
        "toyshop/north refuses requests; from now on the hub asks at most 0.85 a second, of 1 that its channel states."
    ]


def clock_of(hub: Hub) -> VirtualClock:
    assert isinstance(hub.parts.clock, VirtualClock)
    return hub.parts.clock
