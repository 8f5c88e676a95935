"""Sales, exact to the last digit on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_core import Hub
from hub_core.domain.errors import InputError
from hub_core.domain.reports import SalesRow
from hub_core.storage.tables import orders as orders_table
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected
from tests.toyshop.channel import read
from tests.toyshop.shop import Shop, open_shop


def line(number: int, sku: str | None, quantity: str, price: str) -> dict[str, Any]:
    return {"id": str(number), "sku": sku, "quantity": quantity, "price": price}


async def report(hub: Hub, by: str, **span: Any) -> list[dict[str, Any]]:
    """The rows of a report, with what they are not split by left out."""
    return [_plain(row) for row in await hub.reports.sales(by, **span)]


def _plain(row: SalesRow) -> dict[str, Any]:
    told = row.model_dump(mode="json", exclude_none=True, exclude={"integration_id"})
    return {**told, "units": str(row.units.normalize()), "sales": f"{row.sales.amount} {row.sales.currency}"}


@pytest.fixture
async def trade(hub: Hub) -> Shop:
    shop = open_shop("north")
    shop.put("1", NOW - 2 * DAY, lines=[line(1, "RED", "3", "0.10"), line(2, "BLUE", "0.5", "0.20")])
    shop.put("2", NOW - DAY, lines=[line(1, "RED", "1", "0.10"), line(2, None, "2", "1000000000.01")])
    shop.put("3", NOW - DAY, status="cancelled", lines=[line(1, "RED", "100", "9.00")])
    shop.put("4", NOW - DAY, currency="JPY", lines=[line(1, "RED", "2", "150")])
    shop.put("5", NOW - DAY, lines=[])
    await hub.sync((await connected(hub, shop)).id)
    return shop


async def test_sales_by_integration(hub: Hub, trade: Shop) -> None:
    assert await report(hub, "integration") == [
        {"integration": "north", "removed": False, "orders": 1, "units": "2", "sales": "300 JPY"},
        {"integration": "north", "removed": False, "orders": 3, "units": "6.5", "sales": "2000000000.52 USD"},
    ]


async def test_sales_by_day(hub: Hub, trade: Shop) -> None:
    assert await report(hub, "day") == [
        {"day": "2026-03-08", "orders": 1, "units": "3.5", "sales": "0.40 USD"},
        {"day": "2026-03-09", "orders": 1, "units": "2", "sales": "300 JPY"},
        {"day": "2026-03-09", "orders": 2, "units": "3", "sales": "2000000000.12 USD"},
    ]


async def test_sales_by_sku(hub: Hub, trade: Shop) -> None:
    assert await report(hub, "sku") == [
        {"sku": "BLUE", "orders": 1, "units": "0.5", "sales": "0.10 USD"},
        {"sku": "RED", "orders": 1, "units": "2", "sales": "300 JPY"},
        {"sku": "RED", "orders": 2, "units": "4", "sales": "0.40 USD"},
    ]


async def test_a_span_holds_its_beginning_and_not_its_end(hub: Hub, trade: Shop) -> None:
    only_second = await report(hub, "integration", since=NOW - DAY, until=NOW)
    assert [row["orders"] for row in only_second] == [1, 2]
    only_first = await report(hub, "integration", until=NOW - DAY)
    assert [row["sales"] for row in only_first] == ["0.40 USD"]
    assert await report(hub, "sku", since=NOW) == []


async def test_days_are_days_in_utc(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("late", datetime(2026, 3, 8, 23, 59, 59, 999999, tzinfo=UTC), lines=[])
    shop.put("early", datetime(2026, 3, 9, tzinfo=UTC), lines=[])
    await hub.sync((await connected(hub, shop)).id)
    assert [row["day"] for row in await report(hub, "day")] == ["2026-03-08", "2026-03-09"]


async def test_removed_integrations_are_named_and_stay_apart(hub: Hub, trade: Shop) -> None:
    await hub.integrations.remove("north")
    await hub.sync((await connected(hub, trade)).id)
    rows = await report(hub, "integration", since=NOW - 3 * DAY, until=NOW - 1.5 * DAY)
    assert [(row["integration"], row["removed"], row["sales"]) for row in rows] == [
        ("north", True, "0.40 USD"),
        ("north", False, "0.40 USD"),
    ]


async def test_what_left_its_order_is_not_sold(hub: Hub, trade: Shop, clock: VirtualClock) -> None:
    clock.advance(61)
    trade.put("1", NOW - 2 * DAY, updated_at=clock.now(), lines=[line(2, "BLUE", "1", "0.20")])
    await hub.sync("north")
    by_sku = {(row["sku"], row["sales"]) for row in await report(hub, "sku")}
    assert ("RED", "0.10 USD") in by_sku
    assert ("BLUE", "0.20 USD") in by_sku


async def test_an_unknown_kind_of_report_is_refused(hub: Hub) -> None:
    with pytest.raises(InputError, match="there are: integration, day, sku"):
        await hub.reports.sales("moon")


PRICES = st.decimals(min_value="0", max_value="1000000000", places=8)
QUANTITIES = st.decimals(min_value="0", max_value="10000", places=3)


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(st.tuples(PRICES, QUANTITIES), min_size=1, max_size=12))
async def test_sums_are_those_of_exact_arithmetic(
    hub: Hub, clock: VirtualClock, lines: list[tuple[Decimal, Decimal]]
) -> None:
    shop = open_shop("north")
    for number, (price, quantity) in enumerate(lines):
        shop.put(str(number), NOW - timedelta(minutes=number), lines=[line(1, "X", str(quantity), str(price))])
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    orders = [read(row.raw) for row in shop.orders.values()]
    for by in ("integration", "sku", "day"):
        rows = [row for row in await hub.reports.sales(by) if row.sales.currency == "USD"]
        assert sum((row.units for row in rows), Decimal(0)) == sum(quantity for _, quantity in lines)
        assert sum(row.sales.amount for row in rows) == sum(order.total.amount for order in orders)
    await hub.integrations.remove(integration.id)
    hub.parts.database.write_now(_forget)


def _forget(connection: Any) -> None:
    connection.execute(orders_table.delete())
