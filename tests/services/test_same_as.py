"""A store that was removed and is connected anew: its orders are there twice, and take and count once."""

from decimal import Decimal
from typing import Any

import pytest

from hub_core import Hub
from hub_core.services.order_intake import OrderIntake
from hub_core.storage.tables import order_lines, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, connected, edited, found, rows, statements, told
from tests.toyshop.shop import Shop, open_shop

LINE = {"id": "1", "sku": "A", "quantity": "2", "price": "10.00"}


@pytest.fixture
async def shop(hub: Hub, clock: VirtualClock) -> Shop:
    """A shop with an old order and one that took two of ten A, which was removed after that."""
    shop = open_shop("north")
    shop.put("old", clock.now() - DAY, lines=[LINE])
    await connected(hub, shop)
    await hub.sync("north")
    await hub.stock.set({"A": 10})
    clock.advance(61)
    shop.put("own", clock.now(), lines=[LINE])
    await hub.sync("north")
    assert await left(hub) == 8
    await hub.integrations.remove("north")
    clock.advance(61)
    return shop


async def left(hub: Hub) -> Decimal | None:
    return (await hub.stock.get("A")).available


async def again(hub: Hub, shop: Shop) -> int:
    """Connect the shop anew and read its orders."""
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    return integration.id


def change(shop: Shop, clock: VirtualClock, external_id: str, **members: Any) -> None:
    clock.advance(61)
    row = shop.orders[external_id]
    row.raw, row.updated_at = edited(row.raw, updated_at=clock.now().isoformat(), **members), clock.now()


async def test_orders_of_before_are_stored_anew_and_take_nothing(hub: Hub, shop: Shop) -> None:
    before = {order.external_id: order for order in await found(hub)}
    integration = await again(hub, shop)
    orders = {order.external_id: order for order in await found(hub, integration=integration)}
    assert {key: (order.same_as, order.history) for key, order in orders.items()} == {
        "old": (before["old"].id, True),
        "own": (before["own"].id, False),
    }
    assert await left(hub) == 8
    assert len(rows(hub, stock_movements)) == 1
    (line,) = rows(hub, order_lines, order_lines.c.order_id == orders["own"].id)
    assert (line["stock_sku"], line["taken"]) == ("A", 2)


async def test_its_events_say_that_the_order_was_there(hub: Hub, shop: Shop) -> None:
    before = {order.external_id: order.id for order in await found(hub)}
    await again(hub, shop)
    created = (await told(hub, "order.created"))[2:]
    assert {each["external_id"]: each["same_as"] for each in created} == before
    unseen = await hub.events.after(history=False)
    assert [each.data["external_id"] for each in unseen if each.type == "order.created"] == ["own"]


async def test_what_happened_in_between_moves_the_difference(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    change(shop, clock, "own", lines=[{**LINE, "quantity": "3"}, {**LINE, "id": "2", "quantity": "1"}])
    await again(hub, shop)
    assert await left(hub) == 6


async def test_a_line_that_left_in_between_gives_back(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    change(shop, clock, "own", lines=[{**LINE, "id": "2", "sku": "B"}])
    integration = await again(hub, shop)
    assert await left(hub) == 10
    (order,) = await found(hub, integration=integration, number="own")
    lines = rows(hub, order_lines, order_lines.c.order_id == order.id)
    assert [(line["external_id"], line["gone"], line["taken"]) for line in lines] == [("1", True, 0), ("2", False, 2)]


async def test_a_line_that_had_left_before_is_not_taken_again_when_it_comes_back(
    hub: Hub, shop: Shop, clock: VirtualClock
) -> None:
    other, shipped = {**LINE, "id": "2", "sku": "B"}, {**LINE, "shipped": "2"}
    await again(hub, shop)
    for told_lines in ([shipped, other], [other]):
        change(shop, clock, "own", lines=told_lines)
        await hub.sync("north")
    await hub.integrations.remove("north")
    clock.advance(61)
    integration = await again(hub, shop)
    (order,) = await found(hub, integration=integration, number="own")
    lines = rows(hub, order_lines, order_lines.c.order_id == order.id)
    assert [(line["external_id"], line["gone"], line["taken"]) for line in lines] == [("1", True, 2), ("2", False, 2)]
    change(shop, clock, "own", lines=[shipped, other])
    await hub.sync("north")
    assert await left(hub) == 8


async def test_a_later_cancellation_gives_back_once(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    await again(hub, shop)
    change(shop, clock, "own", status="cancelled")
    change(shop, clock, "old", status="cancelled")
    await hub.sync("north")
    assert await left(hub) == 10


async def test_a_third_identity_goes_on_from_the_second(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    await again(hub, shop)
    change(shop, clock, "own", lines=[{**LINE, "quantity": "5"}])
    await hub.sync("north")
    await hub.integrations.remove("north")
    clock.advance(61)
    await again(hub, shop)
    assert await left(hub) == 5
    change(shop, clock, "own", status="cancelled")
    await hub.sync("north")
    assert await left(hub) == 10


async def test_an_order_that_came_while_nobody_looked_takes(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    shop.put("between", clock.now(), lines=[LINE])
    shop.put("long ago", clock.now() - 1.5 * DAY, lines=[LINE])
    clock.advance(61)
    integration = await again(hub, shop)
    history = {order.external_id: order.history for order in await found(hub, integration=integration)}
    assert history == {"between": False, "long ago": True, "own": False, "old": True}
    assert await left(hub) == 6


async def test_another_store_has_nothing_to_do_with_it(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    other = open_shop("south")
    other.orders = {key: row for key, row in shop.orders.items()}  # noqa: C416 - a copy of its own
    clock.advance(61)
    integration = await again(hub, other)
    assert [(order.same_as, order.history) for order in await found(hub, integration=integration)] == [(None, True)] * 2


async def test_reports_by_day_and_by_article_count_it_once_as_it_is_now(
    hub: Hub, shop: Shop, clock: VirtualClock
) -> None:
    change(shop, clock, "own", lines=[{**LINE, "quantity": "5"}])
    await again(hub, shop)
    by_sku = await hub.reports.sales("sku")
    assert [(row.sku, row.orders, row.units) for row in by_sku] == [("A", 2, Decimal(7))]
    assert sum(row.orders for row in await hub.reports.sales("day")) == 2
    by_integration = await hub.reports.sales("integration")
    assert [(row.removed, row.orders, row.units) for row in by_integration] == [
        (True, 2, Decimal(4)),
        (False, 2, Decimal(7)),
    ]
    change(shop, clock, "own", status="cancelled")
    await hub.sync("north")
    assert [(row.orders, row.units) for row in await hub.reports.sales("sku")] == [(1, Decimal(2))]


async def test_only_such_a_store_costs_one_statement_more_a_page(hub: Hub, shop: Shop, clock: VirtualClock) -> None:
    await again(hub, shop)
    await again(hub, open_shop("south"))
    costs = []
    for one in (shop, open_shop("south")):
        clock.advance(61)
        await hub.sync(one.name)
        costs.append(await pages(hub, one, clock))
    assert costs[0] == costs[1] + 1


async def pages(hub: Hub, shop: Shop, clock: VirtualClock) -> int:
    """How many statements one page takes that holds one new order of history."""
    clock.advance(61)
    shop.put("new", clock.now() - 100 * DAY, updated_at=clock.now(), lines=[LINE])
    counts: list[int] = []
    store = OrderIntake._store

    def counted(*args: Any) -> Any:
        with statements(hub) as seen:
            taken = store(*args)
        counts.append(len(seen))
        return taken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OrderIntake, "_store", counted)
        await hub.sync(shop.name)
    return max(counts)
