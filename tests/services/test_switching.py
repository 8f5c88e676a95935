"""Switching single flows on and off."""

from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.errors import ConflictError, InputError
from hub_core.domain.integrations import Flow
from hub_core.storage.tables import flow_state, runs
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, filled, found, rows, told
from tests.stockshop.desk import StockDesk, sold
from tests.toyshop.shop import open_shop


def opened(desk: StockDesk) -> dict[str, bool]:
    return {row["flow"]: row["open"] for row in rows(desk.hub, flow_state)}


async def test_one_flow_stops_and_the_others_go_on(desk: StockDesk) -> None:
    shown = await desk.hub.integrations.disable(desk.integration.id, flow="prices")
    assert {flow for flow, status in shown.flows.items() if not status.enabled} == {Flow.PRICES}
    others = {"orders": True, "listings": True, "stock": True, "fulfilment": True}
    assert opened(desk) == {**others, "prices": False}
    assert (shown.enabled, shown.health.state, shown.health.code) == (True, "ok", "flows_off")
    assert "run: hub integrations enable 'north' --flow prices" in shown.health.sentence
    await desk.prices(a="12.50")
    assert not await desk.is_due(Flow.PRICES)
    await desk.sets(a=4)
    await desk.push()
    assert desk.shop.figures("a") == [4]
    await desk.hub.integrations.enable(desk.integration.id, flow="prices")
    await desk.push(Flow.PRICES)
    assert [str(figure) for figure in desk.shop.figures("a")] == ["4", "12.50"]


async def test_a_switch_thrown_twice_is_told_once(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    for switch in (hub.integrations.disable, hub.integrations.enable):
        for _ in range(2):
            await switch(integration.id, flow="orders")
    expected = [{"type": f"integration.flow_{what}", "name": "north", "flow": "orders"} for what in SWITCHED]
    assert (await told(hub))[2:] == expected
    assert shop.heard == ["added", "flow_disabled", "flow_enabled"]


SWITCHED = ("disabled", "enabled")


@pytest.mark.parametrize("flow", ["colours", "", "stock"])
async def test_a_flow_that_the_channel_has_not_is_refused(hub: Hub, flow: str) -> None:
    await connected(hub)
    for switch in (hub.integrations.disable, hub.integrations.enable):
        with pytest.raises(InputError, match="there are: orders"):
            await switch("north", flow=flow)


async def test_no_request_of_a_flow_leaves_after_the_switch(desk: StockDesk) -> None:
    async def switch_off() -> None:
        await desk.hub.integrations.disable(desk.integration.id, flow="stock")

    desk.shop.asks, desk.shop.before_push = True, switch_off
    await desk.sets(a=4)
    await desk.work(Flow.STOCK)
    assert (desk.shop.calls, (await desk.last(Flow.STOCK)).state) == (0, "stopped")
    assert desk.stands("a")[:2] == (4, 10)
    desk.shop.before_push = None
    await desk.hub.integrations.enable(desk.integration.id, flow="stock")
    await desk.push()
    assert desk.shop.figures("a") == [4]


async def test_what_was_switched_off_by_itself_stays_so_when_the_whole_is_enabled(hub: Hub) -> None:
    integration = await connected(hub)
    await hub.integrations.disable(integration.id, flow="orders")
    await hub.integrations.disable(integration.id)
    shown = await hub.integrations.enable(integration.id)
    assert (shown.enabled, shown.flows[Flow.ORDERS].enabled) == (True, False)
    assert not rows(hub, flow_state)[0]["open"]
    await hub.integrations.disable(integration.id)
    await hub.integrations.enable(integration.id, flow="orders")
    assert not rows(hub, flow_state)[0]["open"]
    await hub.integrations.enable(integration.id)
    assert rows(hub, flow_state)[0]["open"]


async def test_a_flow_that_is_off_cannot_be_asked_for_and_says_how_to_switch_it_on(hub: Hub) -> None:
    await connected(hub)
    await hub.request_sync("north", ["orders"])
    await hub.integrations.disable("north", flow="orders")
    assert [row["state"] for row in rows(hub, runs)] == ["stopped"]
    with pytest.raises(ConflictError, match="run: hub integrations enable 'north' --flow orders"):
        await hub.request_sync("north", ["orders"])


async def test_orders_are_caught_up_with_once_they_are_switched_on(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 2)
    await connected(hub, shop)
    await hub.sync("north")
    await hub.integrations.disable("north", flow="orders")
    clock.advance(86_400)
    filled(shop, 3, first=10, placed_at=clock.now())
    assert len(await found(hub)) == 2
    clock.advance(86_400)
    await hub.integrations.enable("north", flow="orders")
    run = await hub.sync("north")
    assert (run.counts.created, len(await found(hub))) == (3, 5)


async def test_raises_that_wait_for_orders_go_out_once_nobody_reads_them(desk: StockDesk) -> None:
    await desk.sets(a=20)
    await desk.push()
    assert desk.stands("a")[2] == "orders"
    assert not await desk.is_due(Flow.STOCK)
    await desk.hub.integrations.disable(desk.integration.id, flow="orders")
    assert desk.stands("a")[2] is None
    await desk.push()
    assert desk.shop.figures("a") == [20]
    explained = await desk.hub.stock.explain("A")
    assert "Its orders are not read, so what is sold there is unknown to the hub." in explained.stores[0].sentence


@pytest.mark.parametrize("flow", [None, "orders"])
async def test_a_raise_waits_for_the_orders_that_came_while_nobody_looked(desk: StockDesk, flow: str | None) -> None:
    desk.shop.delays["a"] = None
    await desk.sets(a=20)
    await desk.push()
    await desk.read_orders()
    await desk.push()
    assert desk.stands("a")[2] == "retry"
    switches: dict[str, Any] = {"flow": flow}
    await desk.hub.integrations.disable(desk.integration.id, flow="stock")
    await desk.hub.integrations.disable(desk.integration.id, **switches)
    desk.clock.advance(3600)
    await sold(desk, "1", "a", 3)
    del desk.shop.delays["a"]
    await desk.hub.integrations.enable(desk.integration.id, flow="stock")
    await desk.hub.integrations.enable(desk.integration.id, **switches)
    while await desk.is_due(Flow.STOCK):
        desk.clock.advance(1)
    assert desk.shop.figures("a") == []
    await desk.read_orders()
    await desk.push()
    assert desk.shop.figures("a") == [17]
