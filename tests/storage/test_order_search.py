"""Finding orders."""

import json
from datetime import timedelta, timezone
from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.errors import InputError, NotFoundError
from hub_core.domain.orders import OrderStatus
from hub_core.services import orders as orders_module
from hub_core.storage.order_search import OrderFilter
from tests.hubs import DAY, MINUTE, NOW, connected, filled, found
from tests.toyshop.shop import open_shop


@pytest.fixture
async def full_hub(hub: Hub) -> Hub:
    """A hub with orders of two shops."""
    shop = open_shop("north")
    line = {"id": "1", "quantity": "1", "price": "5.00"}
    shop.put("1", NOW - 4 * MINUTE, number="N-1", buyer='Ann O\'Neil 100% \\_ "quoted"', status="shipped")
    shop.put("2", NOW - 3 * MINUTE, number="N-2", lines=[{**line, "sku": "RED"}, {**line, "id": "2", "sku": "BLUE"}])
    shop.put("3", NOW - 3 * MINUTE, number="N-3", updated_at=NOW, buyer="Zoë Ångström")
    await hub.sync((await connected(hub, shop)).id)
    await hub.sync((await connected(hub, filled(open_shop("south"), 1, placed_at=NOW - DAY))).id)
    return hub


async def ids(hub: Hub, **which: Any) -> list[str]:
    return [order.external_id for order in await found(hub, **which)]


FILTERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "everything": ({}, ["3", "2", "1", "A1"]),
    "status": ({"status": "shipped"}, ["1"]),
    "number": ({"number": "N-2"}, ["2"]),
    "a number in part": ({"number": "N"}, []),
    "sku": ({"sku": "BLUE"}, ["2"]),
    "sku in another case": ({"sku": "blue"}, []),
    "placed after, that moment included": ({"placed_after": NOW - 3 * MINUTE}, ["3", "2"]),
    "placed before, that moment excluded": ({"placed_before": NOW - 3 * MINUTE}, ["1", "A1"]),
    "updated after": ({"updated_after": NOW}, ["3"]),
    "two at once": ({"placed_after": NOW - 3 * MINUTE, "sku": "RED"}, ["2"]),
    "limit": ({"limit": 2}, ["3", "2"]),
    "a limit of nothing": ({"limit": 0}, []),
    "q by number": ({"q": " N-1 "}, ["1"]),
    "q by sku": ({"q": "RED"}, ["2"]),
    "q by a part of a name in any case": ({"q": "o'neil"}, ["1"]),
    "q with letters beyond ASCII": ({"q": "Zoë Ång"}, ["3"]),
    "q with signs that mean something in SQL": ({"q": "100% \\_"}, ["1"]),
    "q with a sign that would match anything": ({"q": "N_1"}, []),
    "q with quotation marks": ({"q": '"quoted"'}, ["1"]),
}


@pytest.mark.parametrize(("which", "expected"), FILTERS.values(), ids=FILTERS)
async def test_orders_are_found_by(full_hub: Hub, which: dict[str, Any], expected: list[str]) -> None:
    assert await ids(full_hub, **which) == expected


async def test_orders_are_found_by_their_store(full_hub: Hub) -> None:
    south = (await full_hub.integrations.get("south")).id
    assert await ids(full_hub, integration=south) == ["A1"]
    assert await ids(full_hub, integration=south + 1) == []


@pytest.mark.parametrize("which", [{"colour": "red"}, {"status": "lost"}, {"placed_after": "2026-01-01T00:00:00"}])
async def test_a_filter_that_makes_no_sense_is_refused(hub: Hub, which: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        await found(hub, **which)
    assert list(caught.value.fields) == list(which)


OTHER_LINE = {"id": "2-new", "sku": "GREEN", "quantity": "1", "price": "10.00"}


async def test_a_line_that_left_its_order_is_not_found_any_more(full_hub: Hub, clock: Any) -> None:
    shop = open_shop("north")
    clock.advance(61)
    shop.put("2", NOW - 3 * MINUTE, updated_at=clock.now(), number="N-2", lines=[OTHER_LINE])
    await full_hub.sync("north")
    assert (await ids(full_hub, sku="RED"), await ids(full_hub, number="N-2")) == ([], ["2"])


@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_batches_of_any_size_give_each_order_once_and_in_order(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(orders_module, "BATCH", size)
    shop = open_shop("north")
    for number, minutes in enumerate((5, 1, 1, 1, 3, 3)):
        shop.put(str(number), NOW - minutes * MINUTE)
    await hub.sync((await connected(hub, shop)).id)
    assert await ids(hub) == ["3", "2", "1", "5", "4", "0"]


async def test_stores_in_other_zones_do_not_confuse_the_batches(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "BATCH", 1)
    shop = open_shop("north")
    for number, hours in enumerate((0, -8, 13, -3.5)):
        placed_at = NOW - number * MINUTE
        shop.put(str(number), placed_at)
        row = shop.orders[str(number)]
        local = placed_at.astimezone(timezone(timedelta(hours=hours))).isoformat()
        row.raw = json.dumps({**json.loads(row.raw), "placed_at": local}).encode()
    await hub.sync((await connected(hub, shop)).id)
    assert await ids(hub) == ["0", "1", "2", "3"]


async def test_a_page_goes_on_after_a_place_in_the_list(full_hub: Hub) -> None:
    orders = await found(full_hub)
    place = (orders[1].placed_at, orders[1].id)
    page = await full_hub.orders.page(OrderFilter(), place, 10)
    assert page == orders[2:]


async def test_what_is_put_in_meanwhile_neither_repeats_nor_hides_an_order(
    hub: Hub, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_module, "BATCH", 2)
    shop = filled(open_shop("north"), 5)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    seen = []
    async for order in hub.orders.find():
        seen.append(order.external_id)
        if len(seen) == 2:
            clock.advance(61)
            shop.put("newer", clock.now())
            await hub.sync(integration.id)
    assert seen == ["A5", "A4", "A3", "A2", "A1"]


async def test_one_order_is_shown_by_its_id(full_hub: Hub) -> None:
    (first, *_) = await found(full_hub)
    assert await full_hub.orders.get(first.id) == first
    assert first.status is OrderStatus.OPEN
    assert await full_hub.orders.history(first.id) == []


@pytest.mark.parametrize("number", [0, -1, 4711, 10**30])
@pytest.mark.parametrize("look", ["get", "history"])
async def test_an_order_that_never_was_is_told(hub: Hub, look: str, number: int) -> None:
    with pytest.raises(NotFoundError, match=r"'hub orders' lists them|nothing with so large a number"):
        await getattr(hub.orders, look)(number)
