"""Shipping: what somebody asks for, what the store is told of it, and what is shown."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub_core import ConflictError, Hub, InputError, NotFoundError, UnavailableError
from hub_core.domain.fulfilments import StoredFulfilment
from hub_core.domain.integrations import Flow
from hub_core.services.fulfilments import Asked
from hub_core.storage.fulfilments import FulfilmentFilter
from hub_core.storage.tables import fulfilments, hints
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, found, rows, told
from tests.stockshop.desk import StockDesk, stock_desk
from tests.toyshop.shop import open_shop

LINES = [
    {"id": "1", "sku": "A", "quantity": "2", "price": "1"},
    {"id": "2", "sku": "B", "quantity": "1", "price": "1"},
]


@pytest.fixture
async def desk(sqlite_hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """On SQLite alone, for what no database decides."""
    async with stock_desk(sqlite_hub_url, clock) as opened:
        yield opened


@pytest.fixture
async def either(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """On each database."""
    async with stock_desk(hub_url, clock) as opened:
        yield opened


async def placed(desk: StockDesk, order: str = "X", **members: Any) -> int:
    """An order that the hub has read, by the hub's number."""
    desk.shop.put(order, desk.clock.now(), **{"lines": LINES, **members})
    await desk.read_orders()
    return next(one.id for one in await found(desk.hub) if one.external_id == order)


async def ship(desk: StockDesk, order: int, number: str = "T1", **given: Any) -> StoredFulfilment:
    asked = await desk.hub.fulfilments.ship(order, number, **given)
    return asked.fulfilment


async def state(desk: StockDesk, one: StoredFulfilment) -> tuple[str, str]:
    now = await desk.hub.fulfilments.get(one.id)
    return now.state.value, now.reason


async def test_a_parcel_is_told_and_the_order_follows(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    one = await ship(desk, order, carrier="UPS")
    run = await desk.push(Flow.FULFILMENT)
    assert (run.state, run.counts.sent, run.counts.accepted) == ("succeeded", 1, 1)
    assert desk.shop.parcels == [("X", "T1")]
    assert await state(desk, one) == ("sent", "")
    assert [hint["external_id"] for hint in rows(desk.hub, hints)] == ["X"]
    await desk.work(Flow.ORDERS)
    read = await desk.hub.orders.get(order)
    assert (read.status.value, [int(line.shipped) for line in read.lines]) == ("shipped", [2, 1])
    (event,) = await told(desk.hub, "fulfilment.sent")
    assert event["lines"] == [{"external_id": "1", "quantity": "2"}, {"external_id": "2", "quantity": "1"}]
    assert "T1" not in str(await told(desk.hub, "fulfilment.sent"))


async def test_shipping_does_not_move_stock(desk: StockDesk) -> None:
    await desk.sets(a=10, b=10)
    order = await placed(desk)
    before = (await desk.hub.stock.get("A")).available
    await ship(desk, order)
    await desk.push(Flow.FULFILMENT)
    await desk.work(Flow.ORDERS)
    assert (await desk.hub.stock.get("A")).available == before == 8


async def test_several_parcels_are_told_one_after_the_other(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    first = await ship(desk, order, "T1", lines={"1": 1})
    second = await ship(desk, order, "T2")
    await desk.push(Flow.FULFILMENT)
    assert desk.shop.parcels == [("X", "T1"), ("X", "T2")]
    assert [await state(desk, one) for one in (first, second)] == [("sent", ""), ("sent", "")]
    assert [(line.external_id, int(line.quantity)) for line in second.lines] == [("1", 1), ("2", 1)]
    await desk.work(Flow.ORDERS)
    assert (await desk.hub.orders.get(order)).status == "shipped"


async def test_the_same_parcel_asked_for_again_is_the_same(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    asked = [await desk.hub.fulfilments.ship(order, " t1 ", lines={"1": given}) for given in ("1", 1, Decimal("1.0"))]
    assert [one.new for one in asked] == [True, False, False]
    assert len({one.fulfilment.id for one in asked}) == 1
    await desk.push(Flow.FULFILMENT)
    again: Asked = await desk.hub.fulfilments.ship(order, "T1", lines={"1": 1})
    assert (again.new, again.fulfilment.state) == (False, "sent")


async def test_what_is_under_way_or_shipped_cannot_be_shipped_once_more(desk: StockDesk) -> None:
    order = await placed(desk)
    await ship(desk, order)
    for _ in range(3):
        with pytest.raises(ConflictError, match=r"Everything of order X (is under way|has been shipped)"):
            await ship(desk, order, "T2")
        with pytest.raises(ConflictError, match=r"nothing is left"):
            await ship(desk, order, "T2", lines={"1": 1})
        if await desk.is_due(Flow.FULFILMENT):
            continue
        await desk.is_due(Flow.ORDERS)


async def test_of_many_who_ship_the_same_goods_at_once_one_does(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    tried = await asyncio.gather(*(ship(desk, order, f"T{one}") for one in range(5)), return_exceptions=True)
    assert sum(isinstance(one, StoredFulfilment) for one in tried) == 1
    assert sum(isinstance(one, ConflictError) for one in tried) == 4


async def test_who_asks_for_the_same_parcel_at_once_gets_the_same(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    asked = await asyncio.gather(*(desk.hub.fulfilments.ship(order, "T1") for _ in range(5)))
    assert len({one.fulfilment.id for one in asked}) == 1
    assert sum(one.new for one in asked) == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lines": {"9": 1}}, "Order X has no line 9; those that can be shipped: 1, 2."),
        ({"lines": {"1": 3}}, "3 of line 1 cannot be shipped: of 2 only 2 are left"),
        ({"lines": {"1": 0}}, "Line 1 ships '0', which is no number of units above zero."),
        ({"lines": {"1": "1e3"}}, "no number of units"),
        ({"lines": {"1": True}}, "no number of units"),
        ({"lines": {}}, "No line is named"),
        ({"lines": [("1", 1), ("1", 1)]}, "Line 1 is named twice."),
        ({"carrier": "U" * 101}, "The carrier has more than 100 characters."),
    ],
)
async def test_what_cannot_be_shipped_is_said(desk: StockDesk, given: dict[str, Any], sentence: str) -> None:
    order = await placed(desk)
    with pytest.raises(InputError) as refusal:
        await ship(desk, order, **given)
    assert sentence in str(refusal.value)
    assert rows(desk.hub, fulfilments) == []
    assert not await desk.is_due(Flow.FULFILMENT)


async def test_a_tracking_number_and_a_day_are_checked(desk: StockDesk) -> None:
    order = await placed(desk)
    for number in ("", "  ", "T" * 101, "T\x001"):
        with pytest.raises(InputError, match=r"tracking number"):
            await ship(desk, order, number)
    for away in (timedelta(days=-400), timedelta(days=400)):
        with pytest.raises(InputError, match=r"within a year"):
            await ship(desk, order, shipped_at=desk.clock.now() + away)
    with pytest.raises(NotFoundError):
        await ship(desk, 999)


async def test_an_order_that_is_cancelled_is_not_shipped(desk: StockDesk) -> None:
    order = await placed(desk, status="cancelled")
    with pytest.raises(ConflictError, match=r"Order X is cancelled"):
        await ship(desk, order)


async def test_an_order_that_was_cancelled_meanwhile_is_refused_and_may_be_asked_for_again(desk: StockDesk) -> None:
    order = await placed(desk)
    one = await ship(desk, order)
    desk.shop.edit("X", status="cancelled")
    run = await desk.push(Flow.FULFILMENT)
    assert (run.state, run.counts.refused, desk.shop.requests) == ("partial", 1, [])
    assert await state(desk, one) == ("refused", "Order X is cancelled, so nothing of it is shipped.")
    (event,) = await told(desk.hub, "fulfilment.refused")
    assert event["reason"].startswith("Order X is cancelled")
    desk.shop.edit("X", status="open")
    await desk.read_orders()
    again = await desk.hub.fulfilments.ship(order, "T1")
    assert again.new


async def test_what_the_store_refuses_says_why_and_frees_the_goods(desk: StockDesk) -> None:
    order = await placed(desk)
    desk.shop.refuses.add("T1")
    one = await ship(desk, order)
    await desk.push(Flow.FULFILMENT)
    assert await state(desk, one) == ("refused", "The stock shop knows no such carrier.")
    other = await ship(desk, order, "T2")
    await desk.push(Flow.FULFILMENT)
    assert await state(desk, other) == ("sent", "")


async def test_what_the_store_puts_off_is_told_later(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    desk.shop.delays["T1"] = 90
    one = await ship(desk, order)
    run = await desk.push(Flow.FULFILMENT)
    assert (run.counts.retried, await state(desk, one)) == (1, ("waiting", "The stock shop packs."))
    desk.shop.delays.clear()
    desk.clock.advance(60)
    assert not await desk.is_due(Flow.FULFILMENT)
    desk.clock.advance(31)
    assert await desk.is_due(Flow.FULFILMENT)
    assert await state(desk, one) == ("sent", "")


async def test_a_person_who_asks_for_a_sync_need_not_wait(desk: StockDesk) -> None:
    order = await placed(desk)
    desk.shop.delays["T1"] = 9000
    one = await ship(desk, order)
    await desk.push(Flow.FULFILMENT)
    desk.shop.delays.clear()
    await desk.hub.request_sync(desk.integration.id, ["fulfilment"])
    await desk.push(Flow.FULFILMENT)
    assert await state(desk, one) == ("sent", "")


async def test_a_parcel_waits_while_the_integration_is_disabled(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    await desk.hub.integrations.disable(desk.integration.id)
    one = await ship(desk, order)
    assert not await desk.is_due(Flow.FULFILMENT)
    await desk.hub.integrations.enable(desk.integration.id)
    assert await desk.is_due(Flow.FULFILMENT)
    assert await state(desk, one) == ("sent", "")


async def test_a_flow_that_has_nothing_to_tell_is_never_due(desk: StockDesk) -> None:
    assert not await desk.is_due(Flow.FULFILMENT)
    await desk.hub.integrations.disable(desk.integration.id)
    await desk.hub.integrations.enable(desk.integration.id)
    assert not await desk.is_due(Flow.FULFILMENT)


async def test_a_parcel_that_the_store_shows_already_is_not_told(desk: StockDesk) -> None:
    """Somebody has entered it there by hand."""
    order = await placed(desk)
    one = await ship(desk, order)
    shipped = [{**line, "shipped": line["quantity"], "shipment": "t1"} for line in LINES]
    parcel = {"external_id": "t1", "tracking_number": " T1  ", "status": "shipped", "address": {}}
    parcel["cost"] = {"amount": "0", "currency": "USD"}
    desk.shop.edit("X", lines=shipped, status="shipped", shipments=[parcel])
    await desk.push(Flow.FULFILMENT)
    assert (await state(desk, one), desk.shop.requests) == (("sent", ""), [])


async def test_an_order_that_the_store_does_not_hold_any_more_is_refused(desk: StockDesk) -> None:
    order = await placed(desk)
    one = await ship(desk, order)
    del desk.shop.orders["X"]
    await desk.push(Flow.FULFILMENT)
    assert await state(desk, one) == ("refused", "The store does not hold this order any more.")


async def test_an_order_that_cannot_be_read_puts_its_parcel_off(desk: StockDesk) -> None:
    order = await placed(desk)
    one = await ship(desk, order)
    good, desk.shop.orders["X"].raw = desk.shop.orders["X"].raw, b"{"
    await desk.push(Flow.FULFILMENT)
    assert (await state(desk, one))[1].startswith("The order cannot be read: not readable")
    desk.shop.orders["X"].raw = good
    desk.clock.advance(900)
    await desk.push(Flow.FULFILMENT)
    assert await state(desk, one) == ("sent", "")


async def test_removing_ends_what_waits(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    one = await ship(desk, order)
    preview = await desk.hub.integrations.removal(desk.integration.id)
    assert (preview.parcels, "1 parcels that it does not know of yet" in preview.sentence) == (1, True)
    await desk.hub.integrations.remove(desk.integration.id)
    assert (await state(desk, one))[0] == "refused"
    with pytest.raises(ConflictError, match=r"was removed"):
        await ship(desk, order, "T2")


async def test_erasing_an_order_takes_the_tracking_number_once_nothing_needs_it(either: StockDesk) -> None:
    desk = either
    order = await placed(desk)
    one = await ship(desk, order)
    await desk.hub.orders.erase(order)
    assert (await desk.hub.fulfilments.get(one.id)).tracking_number == "T1"
    await desk.push(Flow.FULFILMENT)
    ended = await desk.hub.fulfilments.get(one.id)
    assert (ended.state, ended.tracking_number) == ("sent", "")
    other = await placed(desk, "Y")
    later = await ship(desk, other, "T9")
    await desk.push(Flow.FULFILMENT)
    await desk.hub.orders.erase(other)
    assert (await desk.hub.fulfilments.get(later.id)).tracking_number == ""


async def test_who_shipped_what_is_written_down_without_the_tracking_number(desk: StockDesk) -> None:
    order = await placed(desk)
    one = await ship(desk, order, lines={"1": 1}, carrier="UPS")
    row = (await desk.hub.audit.page())[-1]
    assert (row.action, row.subject.kind, row.subject.id) == ("order.shipped", "order", str(order))
    assert row.after == {"fulfilment": one.id, "lines": [{"external_id": "1", "quantity": "1"}], "carrier": "UPS"}


async def test_lists_are_narrowed(either: StockDesk) -> None:
    desk = either
    orders = [await placed(desk, name) for name in ("X", "Y")]
    made = [await ship(desk, order, f"T{order}") for order in orders]
    assert [one.id for one in await desk.hub.fulfilments.page(FulfilmentFilter())] == [made[1].id, made[0].id]
    assert [one.id for one in await desk.hub.fulfilments.of(orders[0])] == [made[0].id]
    assert await desk.hub.fulfilments.page(FulfilmentFilter(state="unknown")) == []  # type: ignore[arg-type]
    newest = await desk.hub.fulfilments.page(FulfilmentFilter(before=made[1].id, limit=5))
    assert [one.id for one in newest] == [made[0].id]


async def test_a_store_that_is_away_is_not_told_and_the_parcel_waits(desk: StockDesk) -> None:
    order = await placed(desk)
    one = await ship(desk, order)
    desk.shop.orders_fail = UnavailableError("The stock shop is closed.")
    run = await desk.push(Flow.FULFILMENT)
    assert (run.state, desk.shop.requests, await state(desk, one)) == ("failed", [], ("waiting", ""))


async def test_a_channel_that_cannot_be_told_says_so(hub: Hub) -> None:
    shop = open_shop("toys")
    shop.put("X", NOW, lines=LINES)
    await hub.sync((await connected(hub, shop)).id)
    (order,) = await found(hub)
    with pytest.raises(ConflictError, match=r"'toyshop' cannot be told what is shipped; do it there\."):
        await hub.fulfilments.ship(order.id, "T1")
    assert "fulfilment" not in (await hub.integrations.get("toys")).flows
