"""The rate budget as the client of a store sees it."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import Connection

from hub_core import Hub, RateBudget
from hub_core.domain.errors import FlowClosedError
from hub_core.domain.integrations import Flow
from hub_core.services.budget import StoreBudget
from hub_core.services.handles import Handles
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from tests.hubs import connected

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


async def test_a_budget_that_is_switched_off_or_unknown_grants_everything(hub: Hub) -> None:
    store = await budget(hub, RateBudget(depth=1, per_second=0))
    for name in ("default", "unknown"):
        assert [await store.take(name, 1) for _ in range(9)] == [0.0] * 9
        await store.throttled(name, 60)
        assert await store.take(name, 1) == 0.0


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
    assert await store.room("unknown") == 0.0
