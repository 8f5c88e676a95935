"""Every figure can be explained: the reckoning of a SKU, and how each store stands."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from hub_core import Hub, NotFoundError
from hub_core.domain.explanations import ExplainedMovement, Explanation
from hub_core.domain.stock import Cause
from hub_core.services.push_rules import WAITS_FOR_ORDERS
from hub_core.storage.stock import Movement, StockRepository
from hub_core.storage.tables import flow_state, pushes
from tests.hubs import NOW, connected
from tests.services.listed import listed, target
from tests.toyshop.shop import open_shop


def standing(hub: Hub, listing: int, **values: Any) -> None:
    """Say how telling a listing stands, as a run would have left it."""
    mine = (pushes.c.listing_id == listing) & (pushes.c.flow == "stock")
    hub.parts.database.write_now(lambda connection: connection.execute(update(pushes).where(mine).values(**values)))


def telling(hub: Hub, integration: int, *flows: str) -> None:
    """Open flows that the toy shop does not have."""
    rows = [{"integration_id": integration, "flow": flow, "enabled": True, "open": True} for flow in flows]
    hub.parts.database.write_now(lambda connection: connection.execute(insert(flow_state), rows))


async def lines(hub: Hub, sku: str = "A") -> list[str]:
    return list((await hub.stock.explain(sku)).sentences)


async def test_what_nobody_knows_cannot_be_explained(hub: Hub) -> None:
    with pytest.raises(NotFoundError, match="Neither the hub nor a store knows 'A'"):
        await hub.stock.explain("A")


async def test_a_level_and_what_was_adjusted_since_are_told_one_by_one(hub: Hub) -> None:
    await hub.stock.set({"A": 10})
    await hub.stock.adjust({"A": -3})
    await hub.stock.adjust({"A": "0.5"})
    assert await lines(hub) == [
        "10 were set on 2026-03-10 12:00 UTC, with all up to event 0.",
        "-3 adjusted by hand on 2026-03-10 12:00 UTC.",
        "+0.5 adjusted by hand on 2026-03-10 12:00 UTC.",
        "7.5 are available.",
        "No store lists A.",
    ]


async def test_an_oversold_article_is_said_to_be_that(hub: Hub) -> None:
    await hub.stock.set({"A": 1})
    await hub.stock.adjust({"A": -3})
    assert "-2 are available (more was sold than there was)." in await lines(hub)


async def test_a_listing_is_told_the_available_units_by_the_rules_of_its_store(hub: Hub) -> None:
    shop = await connected(hub, "north", buffer=2, maximum=5)
    telling(hub, shop.id, "stock")
    (listing,) = listed(hub, shop.id, "A")
    await hub.stock.set({"A": 10})
    (store,) = (await hub.stock.explain("A")).stores
    assert [store.told, store.buffer, store.maximum] == [5, 2, 5]
    assert target(hub, listing) == store.told
    assert store.sentence == (
        "'north', listing L0-A: 10, less a buffer of 2, at most 5: told 5; nobody knows what it has; 5 is sent next."
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"expected": 10, "acknowledged": 10}, "it has confirmed that."),
        ({"expected": 10, "acknowledged": 12}, "it has confirmed 12 and sold 2 since."),
        ({"expected": 4, "acknowledged": 4}, "it is thought to have 4; 10 is sent next."),
        (
            {"expected": 4, "drifted_at": NOW},
            "it is thought to have 4, though that is not what it was told; 10 is sent",
        ),
        ({"expected": 4, "waiting": "orders"}, "it waits until the orders there have been read."),
        ({"expected": 4, "waiting": "refused", "reason": "Not sold here."}, "the store refused it (Not sold here)."),
        ({"expected": 4, "waiting": "orders", "reason": WAITS_FOR_ORDERS}, "until the orders there have been read."),
        (
            {"expected": 10, "acknowledged": 10, "unsure_until": NOW},
            "it has confirmed that. An earlier send may still arrive; it is sent once more at 12:00 UTC.",
        ),
        ({"in_flight": True}, "it was sent, and is sent again should the answer be lost."),
    ],
    ids=["told", "sold since", "due", "drifted", "waiting", "refused", "waiting, noted", "unsure", "in flight"],
)
async def test_how_a_store_stands_is_said_with_what_happens_next(hub: Hub, row: dict[str, Any], said: str) -> None:
    shop = await connected(hub, "north")
    telling(hub, shop.id, "stock")
    (listing,) = listed(hub, shop.id, "A")
    await hub.stock.set({"A": 10})
    standing(hub, listing, **{name: Decimal(value) if type(value) is int else value for name, value in row.items()})
    assert said in (await lines(hub))[-1]


async def test_a_listing_that_bears_the_sku_but_is_not_linked_is_named_with_the_command_that_links_it(hub: Hub) -> None:
    await hub.stock.set({"A": 10})
    (listing,) = listed(hub, (await connected(hub, "north")).id, None, store_sku="A")
    assert (await lines(hub))[-1].endswith(f"told nothing; to link it, run: hub listings link {listing} 'A'")


async def test_what_is_switched_off_is_named_as_it_was_switched(hub: Hub) -> None:
    shop = await connected(hub, "north")
    listed(hub, shop.id, "A")
    await hub.stock.set({"A": 10})
    assert "nothing is sent while its stock is switched off." in (await lines(hub))[-1]
    await hub.integrations.disable(shop.id)
    assert "nothing is sent while it is disabled." in (await lines(hub))[-1]


async def test_a_linked_listing_that_is_gone_is_told_of(hub: Hub) -> None:
    shop = await connected(hub, "north")
    listed(hub, shop.id, "A", gone_at=NOW)
    listed(hub, shop.id, None, store_sku="A", gone_at=NOW, external_id="other")
    await hub.stock.set({"A": 1})
    assert await lines(hub) == [
        "1 was set on 2026-03-10 12:00 UTC, with all up to event 2.",
        "1 is available.",
        "'north', listing L0-A: it is gone from the store since 2026-03-10 12:00 UTC, so it is told nothing.",
    ]


async def test_a_sku_without_a_level_tells_no_store_anything(hub: Hub) -> None:
    listed(hub, (await connected(hub, "north")).id, "A")
    explained = await hub.stock.explain("A")
    assert (explained.available, explained.stores[0].told) == (None, None)
    assert explained.sentences[0] == "Nobody has set how much there is of A, so no store is told anything."


async def test_of_very_many_movements_the_older_ones_are_summed_up(hub: Hub) -> None:
    await hub.stock.set({"A": 1000})
    for number in range(3):
        await hub.stock.adjust({"A": -1 - number})

    def sell(connection: Any) -> None:
        rows = [Movement("A", 2 + number % 3, Decimal(-1), Cause.ORDER) for number in range(200)]
        StockRepository(connection).add_movements(rows)
        StockRepository(connection).set_moved([("A", Decimal(-206))])

    hub.parts.database.write_now(sell)
    explained = await hub.stock.explain("A")
    assert (len(explained.movements), explained.earlier_count) == (100, 103)
    assert sums_up(explained)
    assert explained.available == 794


async def test_it_is_the_same_as_data(hub: Hub) -> None:
    await hub.stock.set({"A": 10})
    data = (await hub.stock.explain("A")).model_dump(mode="json")
    assert (data["level"], data["available"], data["sentences"][-1]) == ("10", "10", "No store lists A.")


@pytest.mark.parametrize(("before", "late"), [(0, False), (1, True)])
async def test_a_sale_of_the_second_in_which_the_level_was_set_is_not_said_to_be_earlier(
    hub: Hub, before: int, late: bool
) -> None:
    shop = open_shop("north")
    await connected(hub, shop)
    await hub.sync("north")
    hub.parts.clock.advance(60.5)  # type: ignore[attr-defined]
    await hub.stock.set({"A": 10})
    placed_at = hub.parts.clock.now().replace(microsecond=0) - timedelta(seconds=before)
    shop.put("1", placed_at, lines=[{"id": "1", "sku": "A", "quantity": "1", "price": "1"}])
    await hub.sync("north")
    (movement,) = (await hub.stock.explain("A")).movements
    assert movement.late is late


async def test_a_sale_that_was_seen_late_is_marked(hub: Hub) -> None:
    movement = ExplainedMovement(
        event=3,
        at=NOW + timedelta(hours=1),
        units=Decimal(-1),
        cause="order",
        integration="north",
        order="7",
        late=True,
    )
    explained = Explanation(
        sku="A",
        level=Decimal(5),
        after_event=1,
        set_at=NOW,
        movements=(movement,),
        earlier=Decimal(0),
        earlier_count=0,
        available=Decimal(4),
        stores=(),
    )
    assert explained.sentences[1] == (
        "-1 by order 7 of 'north', which was placed before the level was set but seen after it."
    )


def sums_up(explained: Explanation) -> bool:
    assert explained.level is not None
    listed_units = sum((movement.units for movement in explained.movements), Decimal(0))
    return explained.level + explained.earlier + listed_units == explained.available
