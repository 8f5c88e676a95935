"""What a page costs the database: the same whatever its length, and nothing where nothing changed."""

from typing import Any

import pytest

from hub_core import Hub, OrderPage, Record
from hub_core.domain.integrations import Flow, Integration
from hub_core.domain.polls import Search
from hub_core.domain.runs import Counts
from hub_core.engine.runner import Runner
from hub_core.services.order_intake import OrderIntake, PageContext, RunReading
from hub_core.storage.tables import metadata
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, SEEN_LATER, connected, edited, filled, rows, statements, writing
from tests.toyshop.channel import read
from tests.toyshop.shop import Shop, open_shop

MOST_STATEMENTS = 12


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
        changed = Record(row.external_id, edited(row.raw, status="shipped", lines=[]))
        broken = Record(row.external_id, b"[")
        new = Record(f"new {number}", edited(row.raw, id=f"new {number}"))
        records.append((changed, broken, new, Record(row.external_id, row.raw))[number % 4])
    return OrderPage(records, read, {"after": size})


async def reading(hub: Hub, integration: Integration) -> PageContext:
    """What a run passes on with its pages."""
    claimed = await Runner(hub.parts, "this process").claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    return PageContext(
        integration_id=integration.id,
        channel="toyshop",
        sent_at=hub.parts.clock.now(),
        seen=SEEN_LATER,
        reading=RunReading(
            lease=claimed.lease,
            run_id=claimed.run.id,
            search=Search.NEW,
            counts=Counts(),
            api_calls=1,
            rejected_before=frozenset(),
        ),
    )


@pytest.mark.parametrize("size", [1, 50, 300])
async def test_a_page_with_everything_in_it_costs_at_most_12_statements(
    hub: Hub, clock: VirtualClock, size: int
) -> None:
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


def contents(hub: Hub) -> dict[str, list[dict[str, Any]]]:
    return {table.name: rows(hub, table) for table in metadata.sorted_tables}


async def test_an_unchanged_page_writes_nothing_but_run_cursor_and_lease(hub: Hub, clock: VirtualClock) -> None:
    _, integration = await known_shop(hub, clock, 50)
    before = contents(hub)
    with statements(hub) as seen:
        run = await hub.sync(integration.id)
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
