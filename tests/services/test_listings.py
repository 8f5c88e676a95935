"""Looking at listings, and linking them by hand."""

from typing import Any

import pytest

from hub_core.domain.errors import ConflictError, InputError, NotFoundError
from hub_core.domain.integrations import Flow
from hub_core.domain.listings import ListingState
from hub_core.storage.tables import flow_state, pushes
from tests.hubs import rows, statements, told
from tests.stockshop.desk import StockDesk


async def named(desk: StockDesk, **which: Any) -> list[str]:
    return [each.external_id async for each in desk.hub.listings.find(**which)]


async def state(desk: StockDesk, external_id: str) -> ListingState:
    return (await desk.hub.listings.get(desk.listing(external_id)["id"])).state


async def test_listings_are_found_newest_first_by_store_and_sku(desk: StockDesk) -> None:
    assert await named(desk) == ["c", "b", "a"]
    assert await named(desk, integration="north", sku="B") == ["b"]
    assert await named(desk, limit=2) == ["c", "b"]
    with pytest.raises(NotFoundError):
        await named(desk, integration="south")
    with pytest.raises(InputError):
        await named(desk, state="odd")


async def test_a_listing_is_shown_whole(desk: StockDesk) -> None:
    await desk.sets(a=12)
    listing = await desk.hub.listings.get(desk.listing("a")["id"])
    assert (listing.sku, listing.store_sku, listing.tie, listing.name) == ("A", "A", "hub", "Article a")
    assert listing.price is not None
    assert (str(listing.price.amount), listing.price.currency) == ("10.00", "USD")
    assert listing.stock is not None
    assert [listing.stock.target, listing.stock.expected, listing.stock.acknowledged] == [12, 10, 10]


async def test_how_a_listing_stands_is_told_and_asked_for(desk: StockDesk) -> None:
    desk.shop.offer("twin", "A")
    desk.shop.offer("lone", None)
    desk.shop.offer("d", stock=10)
    desk.shop.refuses = {"b"}
    desk.shop.delays = {"c": 60}
    await desk.read_listings()
    await desk.sets(b=5, c=5, d=20)
    await desk.push()
    expected = {
        "a": "ambiguous",
        "twin": "ambiguous",
        "lone": "unmatched",
        "b": "refused",
        "c": "failed",
        "d": "pending",
    }
    assert {each.external_id: each.state.value async for each in desk.hub.listings.find()} == expected
    for wanted in set(expected.values()):
        assert set(await named(desk, state=wanted)) == {name for name, one in expected.items() if one == wanted}
    assert set(await named(desk, unmatched=True)) == {"a", "twin", "lone"}
    assert all([each.reason async for each in desk.hub.listings.find()])


async def test_what_was_told_is_in_step(desk: StockDesk) -> None:
    await desk.sets(a=5)
    await desk.push()
    assert await state(desk, "a") is ListingState.IN_STEP


async def test_a_changed_figure_in_the_store_shows_as_drifted(desk: StockDesk) -> None:
    await desk.sets(a=10)
    desk.shop.articles["a"].stock = None
    desk.shop.offer("a", stock=4)
    await desk.read_listings()
    listing = await desk.hub.listings.get(desk.listing("a")["id"])
    assert (listing.state, listing.reason) == ("drifted", "The store was found to have 4 where 10 was expected.")


async def test_a_persons_link_ties_and_stays(desk: StockDesk) -> None:
    await desk.sets(a=3, x=7)
    linked = await desk.hub.listings.link(desk.listing("b")["id"], " X ")
    assert (linked.sku, linked.tie, desk.stands("b")[0]) == ("X", "person", 7)
    await desk.hub.listings.link(desk.listing("c")["id"], "X")
    desk.shop.articles["b"].sku = "A2"
    await desk.read_listings()
    assert [desk.listing(name)["sku"] for name in "bc"] == ["X", "X"]
    assert [said["before"] for said in await told(desk.hub, "listing.linked")] == ["B", "C"]


async def test_a_persons_cut_stays(desk: StockDesk) -> None:
    await desk.sets(a=3)
    cut = await desk.hub.listings.unlink(desk.listing("a")["id"])
    assert (cut.sku, cut.tie, cut.state, desk.stands("a")[0]) == (None, "cut", "unmatched", None)
    await desk.read_listings()
    assert desk.listing("a")["sku"] is None
    assert not await desk.is_due(Flow.STOCK)
    assert len(await told(desk.hub, "listing.unlinked")) == 1


async def test_a_sku_that_is_none_is_refused(desk: StockDesk) -> None:
    with pytest.raises(InputError):
        await desk.hub.listings.link(desk.listing("a")["id"], "  ")
    with pytest.raises(NotFoundError):
        await desk.hub.listings.link(999, "A")


async def test_a_removed_store_is_told_nothing_and_not_listed(desk: StockDesk) -> None:
    desk.shop.loses = 1
    await desk.sets(a=5, b=12)
    await desk.push()
    await desk.hub.integrations.remove(desk.integration.id)
    assert await named(desk) == []
    assert len(await named(desk, integration=str(desk.integration.id))) == 3
    assert {(row["target"], row["in_flight"], row["waiting"]) for row in rows(desk.hub, pushes)} == {
        (None, False, None)
    }


async def test_what_was_to_be_tried_again_is_due_when_the_store_is_enabled_again(desk: StockDesk) -> None:
    desk.shop.promises = {"a"}
    await desk.sets(a=5)
    await desk.push()
    await desk.hub.integrations.disable(desk.integration.id)
    await desk.hub.integrations.enable(desk.integration.id)
    (flow,) = rows(desk.hub, flow_state, flow_state.c.flow == "stock")
    assert flow["next_due_at"] == desk.clock.now()


async def test_a_page_of_listings_costs_one_statement(desk: StockDesk) -> None:
    with statements(desk.hub) as seen:
        assert len(await named(desk)) == 3
    assert len(seen) == 1


async def test_a_dry_run_tells_what_would_be_sent_and_sends_nothing(desk: StockDesk) -> None:
    await desk.sets(a=5, b=12)
    await desk.prices(c="20.00")
    planned = await desk.hub.preview(desk.integration.id, ["stock", "prices"])
    names = ("external_id", "flow", "before", "after", "waiting")
    assert [tuple(getattr(one, name) for name in names) for one in planned] == [
        ("a", "stock", 10, 5, None),
        ("b", "stock", 10, 12, "orders"),
        ("c", "prices", 10, 20, "confirmation"),
    ]
    assert (desk.shop.told, desk.stands("b")[2]) == ([], None)
    with pytest.raises(ConflictError, match="orders"):
        await desk.hub.preview(desk.integration.id, ["orders"])
