"""Setting and adjusting stock, and what stores are to be told of it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import Hub, InputError, NotFoundError
from hub_core.domain.errors import ConflictError
from hub_core.domain.stock import Cause
from hub_core.services.given import checked
from hub_core.storage.stock import Movement, StockRepository
from hub_core.storage.tables import pushes, stock_levels, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, rows, statements, told
from tests.services.listed import listed, push, target


def sold(hub: Hub, sku: str, units: int, event: int) -> None:
    """Book what an order took by an event that has its number."""

    def book(connection: object) -> None:
        stock = StockRepository(connection)  # type: ignore[arg-type]
        held = stock.hold([sku])[sku]
        stock.add_movements([Movement(sku, event, Decimal(-units), Cause.ORDER)])
        stock.set_moved([(sku, held.moved - units)])

    hub.parts.database.write_now(book)


async def available(hub: Hub, sku: str) -> Decimal | None:
    return (await hub.stock.get(sku)).available


async def test_a_level_that_was_set_is_what_is_available(hub: Hub) -> None:
    written = await hub.stock.set({"A": 5, "B": "2.5"})
    assert (written.changed, written.unchanged, written.event) == (2, 0, 2)
    assert [(level.sku, level.available) async for level in hub.stock.find()] == [("A", 5), ("B", Decimal("2.5"))]
    assert await told(hub, "stock.set") == [
        {"type": "stock.set", "available": "5", "before": None, "after_event": 0},
        {"type": "stock.set", "available": "2.5", "before": None, "after_event": 0},
    ]


async def test_a_level_that_is_the_same_already_changes_nothing(hub: Hub) -> None:
    first = await hub.stock.set({"A": 5})
    again = await hub.stock.set({" A ": "5.000"})
    assert (again.changed, again.unchanged, again.event) == (0, 1, first.event)
    assert len(await told(hub, "stock.set")) == 1


async def test_compared_is_what_becomes_available_not_the_number(hub: Hub) -> None:
    await hub.stock.set({"A": 5})
    await hub.stock.adjust({"A": -2})
    assert (await hub.stock.set({"A": 3})).unchanged == 1
    assert (await hub.stock.set({"A": 5})).changed == 1
    assert await available(hub, "A") == 5


async def test_an_adjustment_is_added_and_may_go_below_zero(hub: Hub) -> None:
    await hub.stock.set({"A": 1})
    written = await hub.stock.adjust({"A": "-3.5"})
    assert await available(hub, "A") == Decimal("-2.5")
    (movement,) = rows(hub, stock_movements)
    assert (movement["event_id"], movement["units"], movement["cause"]) == (
        written.event,
        Decimal("-3.5"),
        "adjustment",
    )


async def test_an_adjustment_by_nothing_changes_nothing(hub: Hub) -> None:
    first = await hub.stock.set({"A": 1})
    assert await hub.stock.adjust({"A": 0}) == first.model_copy(update={"changed": 0, "unchanged": 1})


async def test_a_sku_without_a_level_cannot_be_adjusted_and_nothing_is_half_done(hub: Hub) -> None:
    await hub.stock.set({"A": 1})
    with pytest.raises(InputError, match="Nobody has set how much there is of 'B'"):
        await hub.stock.adjust({"A": 1, "B": 1})
    assert await available(hub, "A") == 1


async def test_what_moved_before_the_first_level_counts_from_its_event_on(hub: Hub) -> None:
    await hub.stock.set({"other": 1})
    sold(hub, "A", 2, event=1)
    assert await available(hub, "A") is None
    await hub.stock.set({"A": 10}, after_event=0)
    assert await available(hub, "A") == 8
    await hub.stock.set({"A": 10})
    assert await available(hub, "A") == 10


async def test_a_level_set_as_of_an_earlier_event_is_lowered_by_what_moved_since(hub: Hub) -> None:
    await hub.stock.set({"A": 10})
    event = (await hub.stock.adjust({"A": -1})).event
    await hub.stock.adjust({"A": -2})
    await hub.stock.set({"A": 20}, after_event={"A": event})
    assert await available(hub, "A") == 18


async def test_a_level_as_of_an_event_before_the_last_setting_is_stale(hub: Hub) -> None:
    await hub.stock.set({"A": 10, "B": 1})
    await hub.stock.set({"A": 12})
    with pytest.raises(ConflictError, match="was set meanwhile") as refused:
        await hub.stock.set({"A": 9, "B": 2}, after_event=2)
    assert refused.value.fields == {"A": "stale"}
    assert [await available(hub, name) for name in "AB"] == [12, 1]


async def test_of_two_who_saw_the_same_figure_the_second_is_told_that_it_has_changed(hub: Hub) -> None:
    seen = (await hub.stock.set({"A": 10})).event
    await hub.stock.set({"A": 25}, after_event=seen)
    with pytest.raises(ConflictError, match="was set meanwhile"):
        await hub.stock.set({"A": 77}, after_event=seen)
    with pytest.raises(ConflictError, match="was set meanwhile"):
        await hub.stock.plan({"A": 77}, after_event=seen)
    assert await available(hub, "A") == 25


async def test_who_sets_what_is_there_already_is_never_late(hub: Hub) -> None:
    seen = (await hub.stock.set({"A": 10})).event
    await hub.stock.set({"A": 25}, after_event=seen)
    assert (await hub.stock.set({"A": 25}, after_event=seen)).unchanged == 1


async def test_an_event_is_given_by_a_sku_however_that_is_spaced(hub: Hub) -> None:
    await hub.stock.set({"A": 10})
    event = (await hub.stock.adjust({"A": -1})).event
    await hub.stock.adjust({"A": -2})
    await hub.stock.set({" A": 20}, after_event={" A": event})
    assert await available(hub, "A") == 18


async def test_a_level_as_of_an_event_that_is_still_to_come_is_refused(hub: Hub) -> None:
    with pytest.raises(InputError, match="There is no event 7: the newest is 0"):
        await hub.stock.set({"A": 9}, after_event=7)


async def test_all_faults_are_told_and_nothing_is_half_done(hub: Hub) -> None:
    with pytest.raises(InputError, match=r"below zero.*Nothing was changed. \(2 more cannot be used either.\)") as bad:
        await hub.stock.set({"good": 1, "A": -1, "B": "x", " ": 3})
    assert set(bad.value.fields) == {"A", "B", "sku"}
    assert rows(hub, stock_levels) == []


async def test_a_sku_that_is_given_twice_is_refused(hub: Hub) -> None:
    with pytest.raises(InputError, match="'A' is given twice"):
        await hub.stock.set({"A": 1, " A": 2})


async def test_what_is_not_given_by_sku_is_refused(hub: Hub) -> None:
    given: Any = [("A", 1)]
    for take in (hub.stock.set, hub.stock.set_all, hub.stock.plan, hub.stock.adjust):
        with pytest.raises(InputError, match="given by SKU"):
            await take(given)


async def test_more_skus_than_a_call_takes_are_refused() -> None:
    with pytest.raises(InputError, match="at most 10000"):
        checked([("A", 1)] * 10_001, lambda sku, value: value)


async def test_a_sku_that_the_hub_does_not_know_is_told_so(hub: Hub) -> None:
    with pytest.raises(NotFoundError, match="knows no stock of 'A'"):
        await hub.stock.get("A")


async def test_levels_are_found_by_a_part_of_their_sku_and_page_by_page(hub: Hub) -> None:
    await hub.stock.set({f"RED-{number}": number for number in range(7)} | {"BLUE": 1})
    found = [level.sku async for level in hub.stock.find(sku="ED-", limit=3)]
    assert found == ["RED-0", "RED-1", "RED-2"]
    assert [level.sku for level in await hub.stock.page(after="RED-4")] == ["RED-5", "RED-6"]


async def test_every_store_that_lists_a_sku_gets_its_target(hub: Hub) -> None:
    north, south = await connected(hub, "north", buffer=2), await connected(hub, "south", maximum=4)
    await hub.stock.set({"A": 10})
    (first,), (second,) = listed(hub, north.id, "A"), listed(hub, south.id, "A")
    assert [target(hub, one) for one in (first, second)] == [8, 4]
    await hub.stock.adjust({"A": -7})
    assert [target(hub, one) for one in (first, second)] == [1, 3]


async def test_a_target_that_stays_the_same_gets_no_new_version(hub: Hub) -> None:
    shop = await connected(hub, "north", maximum=4)
    (listing,) = listed(hub, shop.id, "A")
    await hub.stock.set({"A": 10})
    before = push(hub, listing)
    await hub.stock.set({"A": 9})
    assert push(hub, listing) == before


async def test_only_a_raise_is_dated_as_one(hub: Hub, clock: VirtualClock) -> None:
    (listing,) = listed(hub, (await connected(hub)).id, "A")
    await hub.stock.set({"A": 10})
    raised = push(hub, listing)["raised_at"]
    assert raised == clock.now()
    clock.advance(60)
    await hub.stock.adjust({"A": -1})
    assert push(hub, listing)["raised_at"] == raised
    await hub.stock.adjust({"A": 1})
    assert push(hub, listing)["raised_at"] == clock.now()


async def test_a_listing_without_a_level_is_told_nothing(hub: Hub) -> None:
    (listing,) = listed(hub, (await connected(hub)).id, "A")
    assert target(hub, listing) is None
    assert rows(hub, pushes) == []


async def test_other_rules_give_other_targets(hub: Hub) -> None:
    shop = await connected(hub)
    (listing,) = listed(hub, shop.id, "A")
    await hub.stock.set({"A": 10})
    await hub.integrations.change(shop.id, rules={"buffer": "3", "maximum": 5})
    assert target(hub, listing) == 5
    await hub.integrations.change(shop.id, rules={"maximum": None})
    assert target(hub, listing) == 7


async def test_a_removed_integration_is_told_nothing_more(hub: Hub) -> None:
    shop = await connected(hub)
    (listing,) = listed(hub, shop.id, "A")
    await hub.stock.set({"A": 10})
    await hub.integrations.remove(shop.id)
    assert target(hub, listing) is None
    await hub.stock.set({"A": 11})
    assert target(hub, listing) is None


async def test_what_a_hundred_stores_list_takes_no_more_statements(hub: Hub) -> None:
    await hub.stock.set({"A": 1})
    listed(hub, (await connected(hub, "shop-0")).id, "A")
    with statements(hub) as for_one:
        await hub.stock.set({"A": 2})
    for number in range(1, 100):
        listed(hub, (await connected(hub, f"shop-{number}")).id, "A")
    with statements(hub) as for_all:
        await hub.stock.set({"A": 3})
    assert len(for_all) == len(for_one)


async def test_many_levels_take_no_more_statements_than_few(hub: Hub) -> None:
    await hub.stock.set({"A": 1})
    with statements(hub) as for_few:
        await hub.stock.set({f"S{number}": 1 for number in range(3)})
    with statements(hub) as for_many:
        await hub.stock.set({f"T{number}": 1 for number in range(300)})
    assert len(for_many) == len(for_few)


@given(st.lists(st.tuples(st.sampled_from("ABC "), st.sampled_from([1, "2.5", -1, "x", None])), max_size=6))
def test_whatever_is_given_is_checked_whole(pairs: list[tuple[str, object]]) -> None:
    def check(sku: str, value: object) -> object:
        if not isinstance(value, int) or value < 0:
            raise InputError("no", fields={sku: "no"})
        return value

    bad = any(not sku.strip() or not isinstance(value, int) or value < 0 for sku, value in pairs)
    if bad:
        with pytest.raises(InputError):
            checked(pairs, check)
    else:
        assert checked(pairs, check) == [(sku.strip(), value) for sku, value in pairs]
