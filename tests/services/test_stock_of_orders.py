"""What orders of a store do to stock, from their first sight to the last change."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from hub_core import Hub
from hub_core.storage.tables import listings, order_lines, pushes, stock_levels, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, connected, found, rows, told
from tests.services.listed import listed, push, target
from tests.toyshop.shop import Shop, open_shop

LINE = {"id": "1", "sku": "A", "quantity": "2", "price": "1"}


@pytest.fixture
async def shop(hub: Hub) -> Shop:
    """A shop that is connected, with one old order; 10 of A and of B are there."""
    shop = open_shop("north")
    shop.put("old", hub.parts.clock.now() - DAY, lines=[LINE])
    await connected(hub, shop)
    await hub.sync("north")
    await hub.stock.set({"A": 10, "B": 10})
    return shop


async def see(hub: Hub, shop: Shop, order: str = "1", lines: Iterable[dict[str, Any]] = (LINE,), **values: Any) -> None:
    """Let the hub read an order as it is now."""
    hub.parts.clock.advance(61)  # type: ignore[attr-defined]
    now = hub.parts.clock.now()
    placed_at = shop.orders[order].placed_at if order in shop.orders else now
    shop.put(order, values.pop("placed_at", placed_at), lines=list(lines), updated_at=now, **values)
    await hub.sync(shop.name)


async def left(hub: Hub, sku: str = "A") -> Any:
    return (await hub.stock.get(sku)).available


async def offer(hub: Hub, *skus: str, **values: Any) -> list[int]:
    """Let the shop list something for each SKU."""
    return listed(hub, (await hub.integrations.get("north")).id, *skus, **values)


async def test_a_new_order_takes_with_its_own_event(hub: Hub, shop: Shop) -> None:
    await see(hub, shop)
    assert await left(hub) == 8
    (order,) = await found(hub, number="1")
    (movement,) = rows(hub, stock_movements)
    event = (await hub.events.after(movement["event_id"] - 1))[0]
    assert (event.type, event.order_id) == ("order.created", order.id)
    del movement["id"], movement["event_id"]
    assert movement == {
        "sku": "A",
        "units": -2,
        "cause": "order",
        "integration_id": order.integration_id,
        "order_id": order.id,
        "line": "1",
    }


async def test_history_neither_takes_nor_gives_back(hub: Hub, shop: Shop) -> None:
    await see(hub, shop, "old", [{**LINE, "quantity": "5"}, {**LINE, "id": "2", "sku": "B"}])
    await see(hub, shop, "old", status="cancelled")
    assert (await left(hub), await left(hub, "B")) == (10, 10)
    assert rows(hub, stock_movements) == []


async def test_a_cancelled_order_gives_back_once_and_a_reinstated_one_takes_again(hub: Hub, shop: Shop) -> None:
    seen = []
    for status in ("open", "cancelled", "cancelled", "on_hold", "pending"):
        await see(hub, shop, status=status)
        seen.append(await left(hub))
    assert seen == [8, 10, 10, 8, 8]


async def test_what_has_shipped_is_not_given_back(hub: Hub, shop: Shop) -> None:
    await see(hub, shop, lines=[{**LINE, "shipped": "1"}, {**LINE, "id": "2", "sku": "B", "shipped": "1"}])
    await see(hub, shop, lines=[{**LINE, "shipped": "1"}])
    assert (await left(hub), await left(hub, "B")) == (8, 9)
    await see(hub, shop, lines=[{**LINE, "shipped": "1"}], status="cancelled")
    assert await left(hub) == 9


async def test_another_article_gives_back_to_the_one_before(hub: Hub, shop: Shop) -> None:
    await see(hub, shop)
    await see(hub, shop, lines=[{**LINE, "sku": "B", "quantity": "3"}])
    assert (await left(hub), await left(hub, "B")) == (10, 7)
    (line,) = rows(hub, order_lines, order_lines.c.stock_sku == "B")
    assert line["taken"] == 3


async def test_a_line_that_comes_back_takes_the_difference(hub: Hub, shop: Shop) -> None:
    other = {**LINE, "id": "2", "sku": "B"}
    for lines in ([LINE, other], [other], [LINE, other]):
        await see(hub, shop, lines=lines)
    assert (await left(hub), await left(hub, "B")) == (8, 8)


async def test_neither_sets_nor_what_the_channel_sends_itself_take(hub: Hub, shop: Shop) -> None:
    part = {**LINE, "id": "2", "sku": "B", "bundle_parent": "1"}
    await see(hub, shop, lines=[LINE, part, {**LINE, "id": "3", "fulfilled_by": "channel"}])
    assert (await left(hub), await left(hub, "B")) == (10, 8)


async def test_an_order_may_take_more_than_there_is(hub: Hub, shop: Shop) -> None:
    listing, *_ = await offer(hub, "A")
    await see(hub, shop, lines=[{**LINE, "quantity": "12.5"}])
    assert await left(hub) == Decimal("-2.5")
    assert target(hub, listing) == 0


async def test_what_moved_before_a_level_was_set_counts_only_from_its_event_on(hub: Hub, shop: Shop) -> None:
    before = (await hub.events.after(limit=100))[-1].id
    await see(hub, shop, lines=[{**LINE, "sku": "NEW"}])
    (level,) = rows(hub, stock_levels, stock_levels.c.sku == "NEW")
    assert (level["level"], level["moved"]) == (None, -2)
    await hub.stock.set({"NEW": 5}, after_event=before)
    assert await left(hub, "NEW") == 3
    await hub.stock.set({"NEW": 5})
    assert await left(hub, "NEW") == 5


async def test_a_late_order_takes_even_if_it_is_older_than_the_level(hub: Hub, shop: Shop) -> None:
    await see(hub, shop, placed_at=hub.parts.clock.now() - timedelta(hours=5))
    assert await left(hub) == 8


async def test_a_line_takes_from_the_sku_of_the_listing_it_names(hub: Hub, shop: Shop) -> None:
    await offer(hub, "B", external_id="7")
    await see(hub, shop, lines=[{**LINE, "listing": "7"}, {**LINE, "id": "2", "listing": "unknown"}])
    assert (await left(hub), await left(hub, "B")) == (8, 8)


async def test_a_link_that_is_made_or_cut_later_moves_nothing(hub: Hub, shop: Shop) -> None:
    await offer(hub, "B", external_id="7")
    await see(hub, shop, lines=[{**LINE, "listing": "7"}])
    hub.parts.database.write_now(lambda connection: connection.execute(update(listings).values(sku=None)))
    await see(hub, shop, lines=[{**LINE, "listing": "7", "quantity": "3"}])
    assert (await left(hub), await left(hub, "B")) == (10, 7)
    await see(hub, shop, lines=[{**LINE, "listing": "8", "quantity": "3"}])
    assert (await left(hub), await left(hub, "B")) == (7, 10)


async def test_all_stores_that_list_an_article_are_to_be_told(hub: Hub, shop: Shop) -> None:
    south = await connected(hub, open_shop("south"), buffer=1)
    ids = [*(await offer(hub, "A", "A")), *listed(hub, south.id, "A")]
    await see(hub, shop)
    assert [target(hub, one) for one in ids] == [8, 8, 7]


async def test_an_answer_without_any_lines_is_a_reject_and_moves_nothing(hub: Hub, shop: Shop) -> None:
    await see(hub, shop)
    before = await found(hub, number="1")
    await see(hub, shop, lines=[])
    assert await found(hub, number="1") == before
    assert await left(hub) == 8
    (reject,) = await hub.rejects.page()
    assert (reject.kind, reject.external_id) == ("orders", "1")
    assert "without any of its lines, though it is not cancelled" in reject.reason
    await see(hub, shop)
    assert await hub.rejects.page() == []
    assert await left(hub) == 8


async def test_an_order_that_is_cancelled_may_lose_its_lines(hub: Hub, shop: Shop) -> None:
    await see(hub, shop)
    await see(hub, shop, lines=[], status="cancelled")
    assert await hub.rejects.page() == []
    assert await left(hub) == 10


async def test_an_order_that_was_rejected_takes_when_it_is_read_again(
    hub: Hub, shop: Shop, clock: VirtualClock
) -> None:
    clock.advance(61)
    shop.put_raw("1", clock.now(), b'{"id": "1"')
    await hub.sync("north")
    (reject,) = await hub.rejects.page()
    shop.put("1", clock.now(), lines=[LINE])
    await hub.rejects.retry(reject.id)
    assert await left(hub) == 8


# What is expected of a listing.


def known(hub: Hub, listing: int, units: int, **values: Any) -> None:
    """Let a store have said that it has so many units of a listing."""
    statement = update(pushes).where(pushes.c.listing_id == listing)
    values = {"expected": Decimal(units), "acknowledged": Decimal(units), **values}
    hub.parts.database.write_now(lambda connection: connection.execute(statement.values(values)))


@pytest.fixture
async def listing(hub: Hub, shop: Shop, clock: VirtualClock) -> int:
    """A listing of A that was told its 10 units, and a read of the orders that began after that."""
    (one,) = await offer(hub, "A", external_id="7")
    known(hub, one, 10, ended_at=clock.now())
    clock.advance(61)
    await hub.sync(shop.name)
    return one


def expected(hub: Hub, listing: int) -> tuple[Any, Any]:
    row = push(hub, listing)
    return row["expected"], row["target"]


@pytest.mark.parametrize("line", [LINE, {**LINE, "listing": "7"}])
async def test_a_sale_that_the_last_read_lacked_is_known_to_the_store(
    hub: Hub, shop: Shop, listing: int, line: dict[str, Any]
) -> None:
    await see(hub, shop, lines=[line])
    assert expected(hub, listing) == (8, 8)
    assert push(hub, listing)["acknowledged"] == 10
    await see(hub, shop, lines=[line], status="cancelled")
    assert expected(hub, listing) == (8, 10)


async def test_several_sales_of_a_page_are_all_known_to_the_store(hub: Hub, shop: Shop, listing: int) -> None:
    shop.put("2", hub.parts.clock.now() + timedelta(seconds=1), lines=[LINE, {**LINE, "id": "2"}])
    await see(hub, shop)
    assert expected(hub, listing) == (4, 4)


@pytest.mark.parametrize(
    "values",
    [{"in_flight": True}, {"ended": 0}, {"read": 0}, {"waiting": "receipt"}],
    ids=lambda each: next(iter(each)),
)
async def test_a_sale_that_may_be_older_than_what_the_store_was_told_is_not(
    hub: Hub, shop: Shop, listing: int, values: dict[str, Any]
) -> None:
    now = hub.parts.clock.now()
    if "read" in values:
        hub.parts.database.write_now(lambda connection: connection.execute(update(listings).values(read_at=now)))
    known(hub, listing, 10, **({"ended_at": now} if "ended" in values else {} if "read" in values else values))
    await see(hub, shop)
    assert expected(hub, listing) == (10, 8)


async def test_an_order_older_than_the_read_reached_is_not_known_to_be_new(hub: Hub, shop: Shop, listing: int) -> None:
    await see(hub, shop, placed_at=hub.parts.clock.now() - 5 * DAY)
    assert expected(hub, listing) == (10, 8)


async def test_an_order_that_could_not_be_read_before_is_not_known_to_be_new(
    hub: Hub, shop: Shop, listing: int, clock: VirtualClock
) -> None:
    clock.advance(61)
    shop.put_raw("1", clock.now(), b"[")
    await hub.sync("north")
    (reject,) = await hub.rejects.page()
    await hub.rejects.discard(reject.id)
    clock.advance(61)
    await hub.sync("north")
    await see(hub, shop)
    assert expected(hub, listing) == (10, 8)


async def test_which_of_several_listings_was_sold_is_not_guessed(hub: Hub, shop: Shop, listing: int) -> None:
    (other,) = await offer(hub, "A", external_id="8", read_at=hub.parts.clock.now() - DAY)
    known(hub, other, 10)
    await see(hub, shop)
    assert (expected(hub, listing), expected(hub, other)) == ((10, 8), (10, 8))
    await see(hub, shop, "2", [{**LINE, "listing": "8"}])
    assert (expected(hub, listing), expected(hub, other)) == ((10, 6), (8, 6))


@pytest.fixture
async def variants(hub: Hub, shop: Shop, clock: VirtualClock) -> list[int]:
    """Variants A and B of one parent that were told their 10 units, and a read of the orders that began after that."""
    ids = await offer(hub, "A", "B", parent="P")
    for one in ids:
        known(hub, one, 10, ended_at=clock.now())
    clock.advance(61)
    await hub.sync(shop.name)
    return ids


@pytest.mark.parametrize("is_ended", [True, False], ids=["told", "being told"])
async def test_the_sale_of_a_variant_is_told_where_a_sibling_was_told_since(
    hub: Hub, shop: Shop, variants: list[int], *, is_ended: bool
) -> None:
    known(hub, variants[1], 10, **({"ended_at": hub.parts.clock.now()} if is_ended else {"in_flight": True}))
    await see(hub, shop)
    assert expected(hub, variants[0]) == (10, 8)  # what the parent was told to have was summed up without the sale


@pytest.mark.parametrize("parent", ["P", "Q", None])
async def test_the_sale_of_a_variant_is_known_where_no_sibling_was_told_since(
    hub: Hub, shop: Shop, variants: list[int], parent: str | None
) -> None:
    if parent != "P":
        (other,) = await offer(hub, "C", parent=parent, external_id="other")
        known(hub, other, 10, ended_at=hub.parts.clock.now())
    await see(hub, shop)
    assert expected(hub, variants[0]) == (8, 8)


# The end of a read.


async def test_a_complete_read_lets_raises_go_that_are_older(hub: Hub, shop: Shop, listing: int) -> None:
    now = hub.parts.clock.now()
    known(hub, listing, 3, waiting="orders", reason="waits", raised_at=now)
    await hub.sync(shop.name)
    assert push(hub, listing)["waiting"] == "orders"  # that read began at the same moment
    hub.parts.clock.advance(61)  # type: ignore[attr-defined]
    await hub.sync(shop.name)
    assert (push(hub, listing)["waiting"], push(hub, listing)["reason"]) == (None, "")


async def test_a_drift_that_no_order_explains_is_said_once(hub: Hub, shop: Shop, listing: int) -> None:
    known(hub, listing, 3, drifted_at=hub.parts.clock.now())
    await see(hub, shop, lines=[{**LINE, "quantity": "1"}])
    (drift,) = await told(hub, "stock.drifted")
    assert (drift["listing"], drift["external_id"], drift["from"], drift["to"]) == (listing, "7", "2", "9")
    assert push(hub, listing)["drifted_at"] is None
    await see(hub, shop, "2")
    assert len(await told(hub, "stock.drifted")) == 1


async def test_a_drift_that_an_order_explains_is_passed_over(hub: Hub, shop: Shop, listing: int) -> None:
    now = hub.parts.clock.now()
    hub.parts.database.write_now(lambda connection: connection.execute(update(listings).values(read_at=now)))
    known(hub, listing, 8, drifted_at=now, reason="The store was found to have 8 where 10 was expected.")
    await see(hub, shop)
    assert expected(hub, listing) == (8, 8)
    assert (push(hub, listing)["drifted_at"], push(hub, listing)["reason"]) == (None, "")
    assert await told(hub, "stock.drifted") == []
