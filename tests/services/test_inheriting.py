"""Taking over what people had decided of the listings of a store that is connected anew."""

from typing import Any

import pytest

from hub_core.domain.errors import ConflictError
from hub_core.domain.integrations import Flow
from hub_core.storage.tables import listings
from hub_core.testing.clock import VirtualClock
from tests.hubs import rows, told
from tests.stockshop.desk import StockDesk, connected


async def anew(desk: StockDesk) -> StockDesk:
    """Remove the integration, and connect its store again."""
    await desk.hub.integrations.remove(desk.integration.id)
    fresh = StockDesk(desk.hub, desk.clock, desk.shop, await connected(desk.hub, desk.shop))
    await fresh.read_orders()
    await fresh.read_listings()
    return fresh


def ties(desk: StockDesk) -> dict[str, Any]:
    found = rows(desk.hub, listings, listings.c.integration_id == desk.integration.id)
    return {row["external_id"]: (row["sku"], row["tie"]) for row in found}


async def decided(desk: StockDesk) -> StockDesk:
    """Link a by hand, cut b, leave c; then connect the store anew."""
    await desk.hub.listings.link(desk.listing("a")["id"], "OTHER")
    await desk.hub.listings.unlink(desk.listing("b")["id"])
    return await anew(desk)


async def test_links_of_an_earlier_identity_are_taken_over_only_if_asked_for(desk: StockDesk) -> None:
    await desk.sets(a=4, b=5, other=7)
    fresh = await decided(desk)
    untouched = ties(fresh)
    assert {tie for _, tie in untouched.values()} <= {"none", "hub"}
    dry = await fresh.hub.integrations.take_over_links("north", dry_run=True)
    assert (dry.linked, dry.cut, ties(fresh)) == (1, 1, untouched)
    assert await fresh.hub.integrations.take_over_links("north") == dry
    assert ties(fresh) == {"a": ("OTHER", "person"), "b": (None, "cut"), "c": untouched["c"]}
    assert (await told(fresh.hub))[-1] == {
        "type": "listings.links_taken_over",
        "name": "north",
        "linked": 1,
        "cut": 1,
    }
    while await fresh.is_due(Flow.STOCK):
        await fresh.read_orders()
    assert (fresh.shop.figures("a")[-1], fresh.shop.figures("b")) == (7, [])


async def test_taken_over_twice_nothing_is_left_to_do(desk: StockDesk) -> None:
    fresh = await decided(desk)
    await fresh.hub.integrations.take_over_links("north")
    events = await fresh.hub.events.newest()
    again = await fresh.hub.integrations.take_over_links("north")
    assert (again.linked, again.cut, await fresh.hub.events.newest()) == (0, 0, events)


async def test_what_was_decided_since_stays_and_the_latest_identity_counts(desk: StockDesk) -> None:
    second = await decided(desk)
    a, b = (rows(second.hub, listings, listings.c.external_id == name)[-1]["id"] for name in "ab")
    await second.hub.listings.link(a, "THIRD")
    third = await anew(second)
    a, b = (rows(third.hub, listings, listings.c.external_id == name)[-1]["id"] for name in "ab")
    await third.hub.listings.link(b, "MINE")
    await third.hub.integrations.take_over_links("north")
    assert (ties(third)["a"], ties(third)["b"]) == (("THIRD", "person"), ("MINE", "person"))


async def test_a_store_that_was_never_removed_has_nothing_to_take_over(desk: StockDesk, clock: VirtualClock) -> None:
    del clock
    with pytest.raises(ConflictError, match="No removed integration held the store of 'north'"):
        await desk.hub.integrations.take_over_links("north")
