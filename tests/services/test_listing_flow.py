"""Reading what a store offers: listings, their figures, what is gone, and which SKU each is."""

from decimal import Decimal

import pytest

from hub_core.domain.errors import UnavailableError
from hub_core.domain.integrations import Flow
from hub_core.domain.turns import EARLY
from hub_core.engine.runner import Outcome
from hub_core.storage.tables import listings, rejects
from tests.hubs import rows, statements, told
from tests.stockshop.desk import StockDesk, sold


async def test_listings_come_with_their_figures_and_are_linked_by_their_sku(desk: StockDesk) -> None:
    run = await desk.last(Flow.LISTINGS)
    assert (run.state, run.counts.read, run.counts.created) == ("succeeded", 3, 3)
    listing = desk.listing("a")
    assert (listing["sku"], listing["store_sku"], listing["tie"], listing["name"]) == ("A", "A", "hub", "Article a")
    assert desk.stands("a") == (None, Decimal(10), None)
    assert desk.stands("a", Flow.PRICES) == (None, Decimal(10), None)


async def test_a_second_read_finds_nothing_new_and_is_due_after_its_interval(desk: StockDesk) -> None:
    run = await desk.read_listings()
    assert (run.counts.created, run.counts.updated, run.counts.unchanged) == (0, 0, 3)
    wait = (desk.flow(Flow.LISTINGS)["next_due_at"] - desk.clock.now()).total_seconds()
    assert 21600 * EARLY <= wait <= 21600


async def test_a_read_goes_on_from_its_cursor(desk: StockDesk) -> None:
    desk.shop.page_size = 1
    await desk.hub.request_sync(desk.integration.id, ["listings"])
    reads = desk.shop.reads
    assert await desk.work(Flow.LISTINGS, pages=2) is Outcome.PAUSED
    assert await desk.work(Flow.LISTINGS) is Outcome.ENDED
    assert ((await desk.last(Flow.LISTINGS)).counts.read, desk.shop.reads - reads) == (3, 1)


async def test_an_unreadable_record_is_rejected_alone_and_settled_when_it_is_well(desk: StockDesk) -> None:
    desk.shop.broken["b"] = b"["
    desk.shop.offer("d", stock=4)
    run = await desk.read_listings()
    assert (run.state, run.counts.rejected, run.counts.created) == ("partial", 1, 1)
    (reject,) = rows(desk.hub, rejects)
    assert (reject["kind"], reject["external_id"], reject["reason"]) == (
        "listings",
        "b",
        "The article is not readable.",
    )
    desk.shop.broken.clear()
    await desk.read_listings()
    assert rows(desk.hub, rejects)[0]["state"] == "settled"


async def test_what_cannot_be_read_is_not_taken_for_gone(desk: StockDesk) -> None:
    desk.shop.broken["b"] = b"["
    await desk.read_listings()
    assert desk.listing("b")["gone_at"] is None


@pytest.mark.parametrize(
    "member", [{"sku": "x" * 501}, {"sku": "\0"}, {"parent": "\ud800"}, {"stock": Decimal("1e30")}]
)
async def test_what_no_database_can_hold_is_rejected(desk: StockDesk, member: dict[str, object]) -> None:
    article = desk.shop.offer("d")
    for name, value in member.items():
        setattr(article, name, value)
    assert (await desk.read_listings()).counts.rejected == 1
    assert len(rows(desk.hub, listings)) == 3


async def test_what_a_complete_read_lacks_is_gone_and_told_nothing(desk: StockDesk) -> None:
    await desk.sets(a=3)
    del desk.shop.articles["a"]
    await desk.read_listings()
    assert desk.listing("a")["gone_at"] is not None
    assert desk.stands("a")[0] is None
    assert not await desk.is_due(Flow.STOCK)


async def test_what_is_back_is_told_again(desk: StockDesk) -> None:
    await desk.sets(a=3)
    article = desk.shop.articles.pop("a")
    await desk.read_listings()
    desk.shop.articles["a"] = article
    await desk.read_listings()
    assert (desk.listing("a")["gone_at"], desk.stands("a")[0]) == (None, 3)


async def test_a_read_that_was_not_finished_takes_nothing_for_gone(desk: StockDesk) -> None:
    del desk.shop.articles["c"]
    desk.shop.page_size = 1
    await desk.hub.request_sync(desk.integration.id, ["listings"])
    await desk.work(Flow.LISTINGS, pages=1)
    assert desk.listing("c")["gone_at"] is None


async def test_two_listings_with_one_sku_are_linked_with_none(desk: StockDesk) -> None:
    await desk.sets(a=3)
    desk.shop.offer("twin", "A")
    await desk.read_listings()
    assert [(desk.listing(name)["sku"], desk.listing(name)["tie"]) for name in ("a", "twin")] == [(None, "none")] * 2
    assert desk.stands("a")[0] is None


async def test_the_one_that_stays_of_two_with_one_sku_is_linked_again(desk: StockDesk) -> None:
    await desk.sets(a=3)
    desk.shop.offer("twin", "A")
    await desk.read_listings()
    del desk.shop.articles["twin"]
    await desk.read_listings()
    assert (desk.listing("a")["sku"], desk.stands("a")[0]) == ("A", 3)


async def test_skus_are_compared_trimmed_and_in_their_own_case(desk: StockDesk) -> None:
    desk.shop.offer("d", "  D ")
    desk.shop.offer("e", "a")
    desk.shop.offer("f", "   ")
    await desk.read_listings()
    assert [desk.listing(name)["sku"] for name in "adef"] == ["A", "D", "a", None]


async def test_a_link_follows_a_sku_that_was_changed_in_the_shop(desk: StockDesk) -> None:
    await desk.sets(a=3, z=7)
    desk.shop.articles["a"].sku = "Z"
    await desk.read_listings()
    assert (desk.listing("a")["sku"], desk.stands("a")[0]) == ("Z", 7)


async def test_figures_that_came_with_a_page_asked_for_before_a_send_ended_are_not_believed(desk: StockDesk) -> None:
    await desk.sets(a=3)

    async def push(start: int) -> None:
        if start == 0:
            desk.shop.articles["a"].stock = Decimal(10)
            await desk.push()
            desk.shop.articles["a"].stock = Decimal(10)

    desk.shop.before_listings = push
    await desk.read_listings()
    assert desk.stands("a") == (3, 3, None)


async def test_a_figure_that_was_changed_in_the_store_is_said_once_and_mended(desk: StockDesk) -> None:
    await desk.sets(a=3)
    await desk.push()
    desk.shop.articles["a"].stock = Decimal(8)
    desk.clock.advance(5)
    await desk.read_listings()
    assert desk.stands("a") == (3, 8, None)
    await desk.push()
    assert desk.stands("a") == (3, 8, "orders")
    assert await told(desk.hub, "stock.drifted") == []
    await desk.read_orders()
    await desk.push()
    assert (desk.shop.stock("a"), desk.stands("a")) == (3, (3, 3, None))
    await desk.read_orders()
    await desk.read_listings()
    (said,) = await told(desk.hub, "stock.drifted")
    assert (said["external_id"], said["from"], said["to"]) == ("a", "8", "3")


async def test_a_figure_that_an_order_explains_is_not_said(desk: StockDesk) -> None:
    await desk.sets(a=3)
    await desk.push()
    desk.clock.advance(5)
    await sold(desk, "1", "a", 2)
    await desk.read_listings()
    assert desk.stands("a") == (3, 1, None)
    await desk.push()
    await desk.read_orders()
    assert desk.stands("a") == (1, 1, None)
    assert not await desk.is_due(Flow.STOCK)
    assert await told(desk.hub, "stock.drifted") == []
    assert desk.row("a")["drifted_at"] is None


async def test_pages_that_came_before_the_store_fell_silent_are_kept(desk: StockDesk) -> None:
    async def fall_silent(start: int) -> None:
        if start == 2:
            raise UnavailableError("The stock shop is closed.")

    for name in "ab":
        desk.shop.articles[name].stock = Decimal(7)
    desk.shop.page_size = 1
    desk.shop.before_listings = fall_silent
    assert (await desk.read_listings()).state == "failed"
    assert [desk.stands(name)[1] for name in "abc"] == [7, 7, 10]
    desk.shop.before_listings, reads = None, desk.shop.reads
    assert (await desk.read_listings()).state == "succeeded"
    assert desk.shop.reads == reads


async def test_pages_that_come_quickly_are_stored_together(desk: StockDesk) -> None:
    for number in range(11):
        desk.shop.offer(f"n{number}")
    desk.shop.page_size = 1
    with statements(desk.hub) as seen:
        run = await desk.read_listings()
    assert (run.counts.pages, run.counts.created) == (14, 11)
    assert sum(text.startswith("UPDATE searches SET cursor") for text in seen) == 2
