"""Orders without the people who placed them: found nowhere any more, and everything else as it was."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from hub_core import Hub
from hub_core.domain.errors import NotFoundError
from hub_core.domain.integrations import Integration
from hub_core.domain.orders import OrderStatus
from hub_core.domain.reports import ReportBy
from hub_core.engine.chores import Chores
from hub_core.storage import database as database_module
from hub_core.storage import schema
from hub_core.storage.chores import ChoreRepository
from hub_core.storage.tables import metadata, orders, stock_levels, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.canaries import Search
from tests.hubs import connected, found, rows, settings, sqlite_file, told
from tests.toyshop.shop import Shop, open_shop

PERSON = {
    "name": "Wilhelmina Canary-Bird",
    "street": "17 Kanarienweg",
    "city": "Vogelsang-am-Zwitscher",
    "mail": "mina.canary@birds.example",
    "phone": "+49 555 0142 777",
    "remark": "please ring at the yellow cage",
    "engraving": "For my dear Coco",
    "tracking": "TRACK-canary-991",
    "reference": "pay-ref-canary-118",
    "code": "GIFT-MINA-5",
    "customer": "customer-canary-4",
}


def lines(order: str, quantity: int = 2) -> list[dict[str, Any]]:
    name = f"Mug with {PERSON['engraving']}"
    return [{"id": f"{order}-1", "sku": "RED", "quantity": str(quantity), "price": "10.00", "name": name}]


class House:
    """A shop whose orders bear a person in every place that there is for one."""

    def __init__(self, hub: Hub, clock: VirtualClock, shop: Shop, integration: Integration) -> None:
        self.hub = hub
        self.clock = clock
        self.shop = shop
        self.integration = integration

    def put(self, order: str, *, status: str = "open", quantity: int = 2, **also: Any) -> None:
        now = self.clock.now()
        placed_at = self.shop.orders[order].placed_at if order in self.shop.orders else now
        given = {"lines": lines(order, quantity), "status": status, "also": whole_person() | also}
        self.shop.put(order, placed_at, updated_at=now, buyer=PERSON["name"], **given)

    async def poll(self, integration: int | None = None) -> Any:
        self.clock.advance(61)
        return await self.hub.sync(integration or self.integration.id)

    async def order(self, external_id: str) -> int:
        return next(one.id for one in await found(self.hub) if one.external_id == external_id)

    def search(self) -> Search:
        """Look through every table, and on SQLite through the files and a new backup."""
        search = Search(PERSON)
        for table in metadata.sorted_tables:
            search.look(table.name, *rows(self.hub, table))
        url = self.hub.parts.database.url.render_as_string(hide_password=False)
        if url.startswith("sqlite"):
            file = sqlite_file(url)
            copy = file.with_name("backup.db")
            schema.backup(self.hub.parts.database, copy)
            search.look("files", *[each for each in file.parent.iterdir() if each.is_file()])
            copy.unlink()
        return search


def whole_person() -> dict[str, Any]:
    address = {
        "first_name": PERSON["name"],
        "street": PERSON["street"],
        "city": PERSON["city"],
        "phone": PERSON["phone"],
    }
    ten = {"amount": "10.00", "currency": "USD"}
    shipment = {"external_id": "s1", "address": address, "tracking_number": PERSON["tracking"], "cost": ten}
    return {
        "buyer": {"name": PERSON["name"], "email": PERSON["mail"], "external_id": PERSON["customer"]},
        "billing_address": address,
        "comments": [{"author": "customer", "text": PERSON["remark"]}],
        "warnings": [f"the remark {PERSON['remark']} was cut"],
        "extra": {"gift": PERSON["engraving"]},
        "shipments": [{**shipment, "status": "open", "extra": {"door": PERSON["remark"]}}],
        "payments": [{"external_id": "p1", "amount": ten, "reference": PERSON["reference"]}],
        "discounts": [{"name": f"Present for {PERSON['name']}", "code": PERSON["code"], "amount": ten}],
    }


@pytest.fixture
async def house(hub: Hub, clock: VirtualClock) -> House:
    shop = open_shop("north")
    house = House(hub, clock, shop, await connected(hub, shop))
    await house.poll()
    await hub.stock.set({"RED": 100})
    return house


async def lived(house: House) -> int:
    """Take an order in, change it twice, spoil it once: its person lies in every table that may hold one."""
    house.put("A1")
    await house.poll()
    house.put("A1", quantity=3, billing_address={"city": PERSON["city"], "street": "elsewhere " + PERSON["street"]})
    await house.poll()
    house.put("A1", quantity=1, status="shipped")
    await house.poll()
    house.shop.put_raw("A1", house.clock.now(), f'{{"id": "A1", "remark": "{PERSON["remark"]}"'.encode())
    await house.poll()
    return await house.order("A1")


def figures(house: House) -> Any:
    return rows(house.hub, stock_levels), rows(house.hub, stock_movements)


async def sales(house: House) -> Any:
    return [await house.hub.reports.sales(by=by) for by in ReportBy]


async def test_of_the_person_nothing_is_found_anywhere(house: House) -> None:
    for number in range(40):  # so that pages split, and are filled and emptied again
        house.put(f"B{number}", billing_address={"street": PERSON["street"] * (number % 7 + 1)})
    order = await lived(house)
    assert {"orders", "order_revisions", "events", "rejects"} <= {
        each.split(" in ")[1].split(":")[0] for each in house.search().found()
    }
    for one in await found(house.hub):
        await house.hub.orders.erase(one.id)
    assert house.search().found() == []
    assert (await house.hub.orders.get(order)).erased_at == house.clock.now()


async def test_figures_identities_and_stock_stay(house: House) -> None:
    order = await lived(house)
    before, moved, sold = await house.hub.orders.get(order), figures(house), await sales(house)
    after = await house.hub.orders.erase(order)
    same = (
        "external_id",
        "number",
        "status",
        "placed_at",
        "updated_at",
        "total",
        "tax",
        "shipping",
        "revision",
        "history",
    )
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert [(line.external_id, line.sku, line.quantity, line.total) for line in after.lines] == [
        (line.external_id, line.sku, line.quantity, line.total) for line in before.lines
    ]
    assert (figures(house), await sales(house)) == (moved, sold)
    assert await told(house.hub, "order.erased") == [
        {"type": "order.erased", "external_id": "A1", "number": before.number}
    ]
    history = await house.hub.orders.history(order)
    sentences = [change["sentence"] for each in history for change in each["changes"]]
    assert "billing address: erased" in sentences
    assert any("quantity: 2 → 3" in sentence for sentence in sentences)


async def test_the_same_text_read_again_brings_nothing_back(house: House) -> None:
    house.put("A1", status="shipped")
    await house.poll()
    await house.hub.orders.erase(await house.order("A1"))
    (before,) = rows(house.hub, orders)
    run = await house.poll()
    assert (run.counts.unchanged, rows(house.hub, orders)) == (run.counts.read, [before])
    assert house.search().found() == []


async def test_what_the_shop_changes_later_brings_figures_and_status_only(house: House) -> None:
    house.put("A1")
    await house.poll()
    order = await house.order("A1")
    await house.hub.orders.erase(order)
    house.put(
        "A1", status="shipped", quantity=5, comments=[{"author": "customer", "text": "again " + PERSON["remark"]}]
    )
    run = await house.poll()
    after = await house.hub.orders.get(order)
    assert (run.counts.updated, after.revision, after.lines[0].quantity) == (1, 2, Decimal(5))
    assert after.status is OrderStatus.SHIPPED
    assert (await house.hub.stock.get("RED")).available == 95
    house.put("A1", status="shipped", quantity=5, comments=[{"author": "customer", "text": "more " + PERSON["remark"]}])
    assert (await house.poll()).counts.updated == 0
    assert house.search().found() == []


async def test_a_text_that_cannot_be_read_is_not_kept_of_an_erased_order(house: House) -> None:
    house.put("A1")
    await house.poll()
    await house.hub.orders.erase(await house.order("A1"))
    house.shop.put_raw("A1", house.clock.now(), f'{{"id": "{PERSON["name"]}'.encode())
    assert (await house.poll()).state == "partial"
    (reject,) = await house.hub.rejects.page()
    assert (reject.external_id, reject.raw, "erased" in reject.reason) == ("A1", "", True)
    assert house.search().found() == []


async def test_what_other_identities_of_the_store_hold_goes_too_and_does_not_come_back(house: House) -> None:
    house.put("A1")
    await house.poll()
    first = await house.order("A1")
    await house.hub.integrations.remove(house.integration.id)
    second = await connected(house.hub, house.shop)
    await house.poll(second.id)
    twin = next(one for one in await found(house.hub, integration=second.id))
    assert twin.same_as == first
    await house.hub.orders.erase(first)
    assert (await house.hub.orders.get(twin.id)).erased_at is not None
    await house.hub.integrations.remove(second.id)
    third = await connected(house.hub, house.shop)
    await house.poll(third.id)
    (again,) = await found(house.hub, integration=third.id)
    assert again.erased_at is not None
    assert house.search().found() == []


async def test_erasing_twice_tells_it_once(house: House) -> None:
    house.put("A1")
    await house.poll()
    order = await house.order("A1")
    first = await house.hub.orders.erase(order)
    house.clock.advance(5)
    assert await house.hub.orders.erase(order) == first
    assert len(await told(house.hub, "order.erased")) == 1
    with pytest.raises(NotFoundError):
        await house.hub.orders.erase(999)


async def test_it_is_audited_without_the_person(house: House) -> None:
    house.put("A1")
    await house.poll()
    order = await house.hub.orders.erase(await house.order("A1"))
    row = (await house.hub.audit.page())[-1]
    assert (row.action, row.subject.id, row.after) == ("order.erased", str(order.id), {"orders": [order.id]})


async def test_orders_that_were_done_long_ago_are_erased_by_a_rule_once_a_day(house: House) -> None:
    house.put("done", status="shipped")
    house.put("open")
    await house.poll()
    house.clock.advance(20 * 86_400)
    house.put("later", status="shipped")
    await house.poll()
    await house.hub.integrations.change(house.integration.id, rules={"personal_data_days": 30})
    await Chores(house.hub.parts).tend()
    assert await erased(house) == []
    house.clock.advance(12 * 86_400)
    await Chores(house.hub.parts).tend()
    assert await erased(house) == ["done"]
    assert (await house.hub.audit.page())[-1].subject.name == "north"
    house.clock.advance(3600)
    assert await house.hub.orders.erase_due() == 0
    house.clock.advance(30 * 86_400)
    assert await house.hub.orders.erase_due() == 1
    assert await erased(house) == ["done", "later"]


async def test_an_order_that_changed_lately_is_not_done_for_long(house: House) -> None:
    house.put("slow")
    await house.poll()
    await house.hub.integrations.change(house.integration.id, rules={"personal_data_days": 30})
    house.clock.advance(40 * 86_400)
    row = house.shop.orders["slow"]
    house.shop.put("slow", row.placed_at, updated_at=house.clock.now(), status="shipped", lines=lines("slow"))
    await house.poll()
    assert await house.hub.orders.erase_due() == 0
    house.clock.advance(31 * 86_400)
    assert await house.hub.orders.erase_due() == 1


async def test_when_it_is_due_survives_a_restart_and_a_process_that_died_over_it(house: House) -> None:
    assert await house.hub.orders.erase_due() == 0
    house.put("done", status="shipped")
    await house.poll()
    await house.hub.integrations.change(house.integration.id, rules={"personal_data_days": 1})
    house.clock.advance(86_400 * 2)
    now = house.clock.now()

    def claim(connection: Connection) -> bool:
        return ChoreRepository(connection).claim("erasure", now, now + timedelta(hours=1))

    assert await house.hub.parts.database.write(claim)
    assert not await house.hub.parts.database.write(claim)
    assert await house.hub.orders.erase_due() == 0
    house.clock.advance(3601)
    assert await house.hub.orders.erase_due() == 1


async def erased(house: House) -> list[str]:
    return sorted(one.external_id for one in await found(house.hub) if one.erased_at is not None)


async def test_a_journal_that_is_written_ahead_holds_nothing_either(
    sqlite_hub_url: str, clock: VirtualClock, registry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "wal_is_safe", bool)
    async with Hub.open(sqlite_hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        shop = open_shop("north")
        house = House(hub, clock, shop, await connected(hub, shop))
        order = await lived(house)
        assert Path(f"{sqlite_file(sqlite_hub_url)}-wal").stat().st_size > 0
        await hub.orders.erase(order)
        assert house.search().found() == []
