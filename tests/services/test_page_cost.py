"""What a page costs the database: the same whatever its length, and nothing where nothing changed."""

from typing import Any

import pytest

from hub_core import Hub, OrderPage, Record
from hub_core.domain.history import CompleteRead, Sight
from hub_core.domain.integrations import Flow, Integration
from hub_core.domain.polls import Search
from hub_core.domain.runs import Counts, Run, Spent
from hub_core.engine.runner import Runner
from hub_core.services.history import Seen
from hub_core.services.order_intake import OrderIntake, PageContext, RunReading
from hub_core.services.slices import Slice
from hub_core.services.telling import Telling
from hub_core.storage.tables import metadata
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, SEEN_LATER, connected, edited, filled, rows, statements, writing
from tests.services.listed import listed
from tests.toyshop.channel import read
from tests.toyshop.shop import Shop, open_shop

SEEN_IN_THE_BASELINE = SEEN_LATER._replace(sight=Sight.BASELINE)
SEEN_SINCE_A_READ = SEEN_LATER._replace(last_read=CompleteRead(NOW + DAY, NOW - 30 * DAY))
MOST_STATEMENTS = 12
MOST_THAT_MOVE = 25
"""Of a page whose orders move stock: 12 more for its lines, listings, levels, targets, expectations and movements."""
LINE = {"id": "another", "sku": "SKU-1", "quantity": "1", "price": "10.00"}


async def known_shop(hub: Hub, clock: VirtualClock, size: int) -> tuple[Shop, Integration]:
    """A shop whose orders the hub holds, with two pages of them."""
    shop = filled(open_shop("north", page_size=size), 2 * size)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    return shop, integration


def mixed(shop: Shop, size: int) -> OrderPage:
    """A page of orders that are, in turn, changed, broken, new and unchanged."""
    records = []
    for number, row in enumerate(list(shop.orders.values())[:size]):
        changed = Record(row.external_id, edited(row.raw, status="shipped", lines=[LINE]))
        broken = Record(row.external_id, b"[")
        new = Record(f"new {number}", edited(row.raw, id=f"new {number}"))
        records.append((changed, broken, new, Record(row.external_id, row.raw))[number % 4])
    return OrderPage(records, read, {"after": size})


async def reading(hub: Hub, integration: Integration, seen: Seen = SEEN_IN_THE_BASELINE) -> PageContext:
    """What a run passes on with its pages."""
    claimed = await Runner(hub.parts, "this process").claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    return PageContext(
        integration_id=integration.id,
        channel="toyshop",
        sent_at=hub.parts.clock.now(),
        seen=seen,
        reading=RunReading(
            lease=claimed.lease,
            telling=Telling(claimed.begun, claimed.lease, hub.parts.clock),
            search=Search.NEW,
            counts=Counts(),
            spent=Spent(1),
            rejected_before=frozenset(),
        ),
    )


@pytest.mark.parametrize("size", [1, 50, 300])
async def test_a_page_that_moves_no_stock_costs_at_most_12_statements(hub: Hub, clock: VirtualClock, size: int) -> None:
    shop, integration = await known_shop(hub, clock, size)
    context = await reading(hub, integration)
    with statements(hub) as seen:
        taken = await OrderIntake(hub.parts).take(mixed(shop, size), context)
    assert len(seen) <= MOST_STATEMENTS
    parts = (taken.counts.updated, taken.counts.rejected, taken.counts.created, taken.counts.unchanged)
    assert parts == tuple(len(range(first, size, 4)) for first in range(4))


async def test_the_number_of_statements_does_not_grow_with_the_page(hub: Hub, clock: VirtualClock) -> None:
    costs = set()
    for size in (4, 300):
        shop = filled(open_shop(f"shop-{size}", page_size=size), size)
        integration = await connected(hub, shop)
        await hub.sync(integration.id)
        clock.advance(61)
        context = await reading(hub, integration)
        with statements(hub) as seen:
            await OrderIntake(hub.parts).take(mixed(shop, size), context)
        costs.add(len(seen))
    assert len(costs) == 1


def traded(shop: Shop, size: int, skus: int) -> OrderPage:
    """A page of new orders of many articles, all of them listed."""
    new = [
        (
            f"new {number}",
            [{**LINE, "id": name, "sku": f"SKU-{number % skus}", **named} for name, named in NAMED.items()],
        )
        for number in range(size)
    ]
    raw = next(iter(shop.orders.values())).raw
    return OrderPage([Record(key, edited(raw, id=key, lines=lines)) for key, lines in new], read, None)


NAMED: dict[str, dict[str, str]] = {"named": {"listing": "L0-SKU-0"}, "by its SKU alone": {}}


async def moving(hub: Hub, name: str, size: int, skus: int) -> list[int]:
    """How many statements two pages take: orders that are first seen, then their changes among other new ones."""
    shop = filled(open_shop(name), 1)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    hub.parts.clock.advance(61)  # type: ignore[attr-defined]
    await hub.stock.set({f"SKU-{number}": 1000 for number in range(skus)})
    listed(hub, integration.id, *(f"SKU-{number}" for number in range(skus)))
    first = traded(shop, size, skus)
    changed = [Record(one.external_id, edited(one.raw, lines=[{**LINE, "id": "named"}])) for one in first.records]
    more = [Record(f"more {one.external_id}", edited(one.raw, id=f"more {one.external_id}")) for one in first.records]
    costs = []
    for page in (first, OrderPage([*changed, *more], read, None)):
        context = await reading(hub, integration, SEEN_SINCE_A_READ)
        with statements(hub) as seen:
            taken = await OrderIntake(hub.parts).take(page, context)
        assert taken.counts.created == size
        costs.append(len(seen))
        hub.parts.clock.advance(61)  # type: ignore[attr-defined]
    return costs


async def test_a_page_that_moves_stock_costs_the_same_whatever_its_length(hub: Hub) -> None:
    few, many = await moving(hub, "north", 2, 2), await moving(hub, "south", 150, 40)
    assert few == many
    assert max(many) <= MOST_THAT_MOVE


def contents(hub: Hub) -> dict[str, list[dict[str, Any]]]:
    return {table.name: rows(hub, table) for table in metadata.sorted_tables}


async def polled(hub: Hub, integration: Integration) -> Run:
    """Read what the schedule says is due."""
    runner = Runner(hub.parts, "this process")
    claimed = await runner.claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    await runner.work(claimed, Slice(hub.parts.clock))
    return (await hub.runs.page())[0]


async def test_an_unchanged_page_writes_nothing_but_run_cursor_and_lease(hub: Hub, clock: VirtualClock) -> None:
    _, integration = await known_shop(hub, clock, 50)
    before = contents(hub)
    with statements(hub) as seen:
        run = await polled(hub, integration)
    assert run.counts.unchanged == run.counts.read == 200
    assert set(writing(seen)) == {"runs", "searches", "flow_state", "rejects"}  # it looks for rejects to be settled
    after = contents(hub)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"runs", "searches", "flow_state"}


async def test_rejects_that_are_known_are_not_written_again(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    shop.put_raw("bad", NOW - DAY / 2, b"[")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    before = contents(hub)["rejects"]
    clock.advance(61)
    run = await hub.sync(integration.id)
    assert (run.state, run.counts.rejected) == ("partial", 1)
    assert contents(hub)["rejects"] == before
