"""Taking in what a store sends again: the same, changed, older, doubled."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from hub_core import Hub, OrderPage, Record
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Integration
from hub_core.services.order_intake import OrderIntake, PageContext
from hub_core.storage.tables import order_lines, order_revisions, orders, rejects
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, MINUTE, NOW, SEEN_LATER, connected, edited, filled, found, rows, settings, told
from tests.toyshop.channel import read
from tests.toyshop.shop import Shop, open_shop

LINE = {"id": "1", "sku": "SKU-1", "quantity": "1", "price": "10.00"}


async def synced(hub: Hub, shop: Shop) -> Integration:
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    return integration


async def again(hub: Hub, clock: VirtualClock, integration: Integration) -> Any:
    clock.advance(61)
    return await hub.sync(integration.id)


def change(shop: Shop, clock: VirtualClock, external_id: str, **members: Any) -> None:
    """Change an order in the shop, which notes when."""
    row = shop.orders[external_id]
    row.updated_at = clock.now()
    row.raw = edited(row.raw, updated_at=clock.now().isoformat(), **members)


async def kept(hub: Hub) -> Any:
    """What the hub keeps of orders."""
    return [rows(hub, table) for table in (orders, order_lines, order_revisions)], await told(hub)


async def test_what_did_not_change_makes_no_event_and_no_revision(hub: Hub, clock: VirtualClock) -> None:
    integration = await synced(hub, filled(open_shop("north"), 5))
    before = await kept(hub)
    run = await again(hub, clock, integration)
    assert (run.state, run.counts.unchanged, run.counts.updated) == ("succeeded", 10, 0)  # by two searches
    assert await kept(hub) == before


async def test_a_changed_text_with_the_same_content_makes_no_event(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 1)
    integration = await synced(hub, shop)
    (before,) = rows(hub, orders)
    row = shop.orders["A1"]
    row.raw = json.dumps(json.loads(row.raw), indent=2).encode()
    await again(hub, clock, integration)
    (after,) = rows(hub, orders)
    assert after["raw_hash"] != before["raw_hash"]
    assert (after["content_hash"], after["revision"]) == (before["content_hash"], 1)
    assert await told(hub, "order.updated") == []


async def test_a_mere_change_of_the_time_of_the_last_change_makes_no_event(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 1)
    integration = await synced(hub, shop)
    change(shop, clock, "A1")
    shop.orders["A1"].raw = edited(shop.orders["A1"].raw, updated_at=(NOW + MINUTE).isoformat())
    run = await again(hub, clock, integration)
    (order,) = await found(hub)
    assert (order.updated_at, order.revision, run.counts.updated) == (NOW + MINUTE, 1, 0)
    assert await told(hub, "order.updated") == []


async def test_a_change_makes_one_revision_and_one_event_that_people_can_read(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 2)
    integration = await synced(hub, shop)
    change(shop, clock, "A2", status="shipped", lines=[{**LINE, "id": "A2-1", "quantity": "3"}])
    run = await again(hub, clock, integration)
    assert (run.counts.created, run.counts.updated) == (0, 1)
    (event,) = await told(hub, "order.updated")
    assert event["changes"] == [
        "channel status: open → shipped",
        "line A2-1: quantity: 1 → 3",
        "line A2-1: total: 10.00 USD → 30.00 USD",
        "status: open → shipped",
        "subtotal: 10.00 USD → 30.00 USD",
        "total: 10.00 USD → 30.00 USD",
    ]
    (order,) = await found(hub, number="A2")
    (revision,) = await hub.orders.history(order.id)
    assert (order.revision, revision["revision"], revision["at"]) == (2, 2, clock.now())
    assert [each["sentence"] for each in revision["changes"]] == event["changes"]
    assert (await hub.events.after(revision["event"] - 1))[0].order_id == order.id


async def test_each_change_is_a_revision_of_its_own(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 1)
    integration = await synced(hub, shop)
    for status in ("on_hold", "open", "shipped"):
        change(shop, clock, "A1", status=status)
        await again(hub, clock, integration)
    (order,) = await found(hub)
    history = await hub.orders.history(order.id)
    assert [each["revision"] for each in history] == [2, 3, 4]
    assert order.revision == 4


async def test_a_line_that_left_its_order_is_marked_and_one_that_came_is_there(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    shop.put("A1", NOW - DAY, lines=[{**LINE, "id": "1"}, {**LINE, "id": "2"}])
    integration = await synced(hub, shop)
    change(shop, clock, "A1", lines=[{**LINE, "id": "2"}, {**LINE, "id": "3", "sku": "SKU-3"}])
    await again(hub, clock, integration)
    lines = {row["external_id"]: (row["sku"], row["gone"]) for row in rows(hub, order_lines)}
    assert lines == {"1": ("SKU-1", True), "2": ("SKU-1", False), "3": ("SKU-3", False)}
    change(shop, clock, "A1", lines=[{**LINE, "id": "1"}])
    await again(hub, clock, integration)
    assert {row["external_id"]: row["gone"] for row in rows(hub, order_lines)} == {"1": False, "2": True, "3": True}


async def test_an_order_that_comes_twice_in_a_page_is_one_order_in_its_last_state(hub: Hub) -> None:
    shop = filled(open_shop("north"), 3)
    first = shop.orders["A1"]
    last = edited(first.raw, status="shipped")
    shop.put_raw("A1 once more", first.placed_at, last)
    shop.orders["A1 once more"].external_id = "A1"
    await synced(hub, shop)
    assert {order.external_id: order.status for order in await found(hub)} == {
        "A1": "shipped",
        "A2": "open",
        "A3": "open",
    }
    assert len(await told(hub, "order.created")) == 3


async def test_the_same_id_in_two_stores_is_two_orders(hub: Hub) -> None:
    for name in ("north", "south"):
        await synced(hub, filled(open_shop(name), 2))
    assert sorted(order.external_id for order in await found(hub)) == ["A1", "A1", "A2", "A2"]


def context(integration: Integration, sent_at: Any) -> PageContext:
    return PageContext(integration_id=integration.id, channel="toyshop", sent_at=sent_at, seen=SEEN_LATER)


@pytest.mark.parametrize(("later", "expected"), [(-1, "open"), (0, "shipped"), (1, "shipped")])
async def test_of_two_reads_of_an_order_the_later_sent_wins(
    hub: Hub, clock: VirtualClock, later: int, expected: str
) -> None:
    shop = filled(open_shop("north"), 1)
    integration = await synced(hub, shop)
    (row,) = rows(hub, orders)
    page = OrderPage([Record("A1", edited(shop.orders["A1"].raw, status="shipped"))], read, None)
    clock.advance(100)
    await OrderIntake(hub.parts).take(page, context(integration, row["sent_at"] + timedelta(seconds=later)))
    (order,) = await found(hub)
    assert order.status == expected
    assert len(await told(hub, "order.updated")) == (expected == "shipped")


async def test_an_older_read_of_a_rejected_version_leaves_the_order_as_it_is(hub: Hub) -> None:
    shop = filled(open_shop("north"), 1)
    integration = await synced(hub, shop)
    page = OrderPage([Record("A1", b"{")], read, None)
    await OrderIntake(hub.parts).take(page, context(integration, NOW - DAY))
    assert [order.status for order in await found(hub)] == ["open"]


async def test_one_bad_order_among_300_is_kept_apart(hub: Hub) -> None:
    shop = filled(open_shop("north", page_size=300), 299)
    shop.put_raw("bad", NOW - DAY, b'{"id": "bad", "lines": 7}')
    run = await hub.sync((await connected(hub, shop)).id)
    assert (run.state, run.counts.created, run.counts.rejected) == ("partial", 299, 1)
    (reject,) = await hub.rejects.page()
    assert (reject.external_id, reject.raw) == ("bad", '{"id": "bad", "lines": 7}')
    assert "not readable" in reject.reason


async def test_a_page_of_nothing_but_bad_orders_holds_nothing_up(hub: Hub) -> None:
    shop = open_shop("north", page_size=2)
    for number in range(4):
        shop.put_raw(f"bad {number}", NOW - DAY, b"[]")
    filled(shop, 3)
    run = await hub.sync((await connected(hub, shop)).id)
    assert (run.state, run.counts.created, run.counts.rejected) == ("partial", 3, 4)
    assert len(rows(hub, rejects)) == 4


PECULIAR: dict[str, dict[str, Any]] = {
    "a character of code 0 in a SKU": {"lines": [{**LINE, "sku": "A\0B"}]},
    "a character of code 0 in its id": {"id": "north\0pole"},
    "half a character": {"buyer": "\ud800"},
    "two lines of the same id": {"lines": [LINE, LINE]},
    "a quantity beyond all measure": {"lines": [{**LINE, "quantity": "1E+200000", "price": "0"}]},
    "a quantity of endless digits": {"lines": [{**LINE, "quantity": "1E-20000"}]},
    "a quantity that is no number": {"lines": [{**LINE, "quantity": "NaN"}]},
    "a moment that no calendar knows in UTC": {"placed_at": "9999-12-31T23:59:59-05:00"},
    "a last change that no calendar knows in UTC": {"updated_at": "0001-01-01T00:00:00+14:00"},
    "an id longer than an index holds": {"id": "".join(map(chr, range(0x4E00, 0x6E00)))},
    "a SKU longer than an index holds": {"lines": [{**LINE, "sku": "".join(map(chr, range(0x4E00, 0x6E00)))}]},
    "a line id longer than an index holds": {"lines": [{**LINE, "id": "".join(map(chr, range(0x4E00, 0x6E00)))}]},
}


@pytest.mark.parametrize("members", PECULIAR.values(), ids=PECULIAR)
async def test_what_a_database_could_not_hold_becomes_a_reject(hub: Hub, members: dict[str, Any]) -> None:
    shop = filled(open_shop("north"), 2)
    told_id = members.get("id", "odd")
    shop.put("odd", NOW - DAY)
    shop.orders["odd"].raw = edited(shop.orders["odd"].raw, **members)
    shop.orders["odd"].external_id = told_id
    run = await hub.sync((await connected(hub, shop)).id)
    assert (run.state, run.counts.created) == ("partial", 2)
    (reject,) = await hub.rejects.page()
    assert "order cannot be stored" in reject.reason or "not readable" in reject.reason


async def test_text_that_only_looks_like_a_character_of_code_0_is_taken_as_it_is(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("A1", NOW - DAY, buyer=r"C:\u0000 \\u0000", lines=[{**LINE, "sku": "\\"}])
    run = await hub.sync((await connected(hub, shop)).id)
    assert run.state == "succeeded"
    assert [order.buyer.name for order in await found(hub)] == [r"C:\u0000 \\u0000"]


async def test_two_who_find_the_same_new_order_at_the_same_time_make_one_of_it(
    hub: Hub, hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    integration = await synced(hub, open_shop("north"))
    shop = filled(open_shop("templates"), 20)
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as other:
        for row in shop.orders.values():
            page = OrderPage([Record(row.external_id, row.raw)], read, None)
            both = (OrderIntake(each.parts).take(page, context(integration, clock.now())) for each in (hub, other))
            await asyncio.gather(*both)
    assert len(await found(hub)) == len(await told(hub, "order.created")) == 20


async def test_a_character_of_code_0_in_a_text_is_kept_as_it_is(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("1", NOW - DAY, buyer="A\0B")
    run = await hub.sync((await connected(hub, shop)).id)
    (order,) = [order async for order in hub.orders.find()]
    assert (run.state, order.buyer.name) == ("succeeded", "A\0B")
