"""Whatever orders, people and stores do, in any order: stock comes out as a plain reckoning says."""

import asyncio
import itertools
import json
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub_core import Hub, OrderPage, Record
from hub_core.domain.runs import Run
from hub_core.services.order_intake import OrderIntake, PageContext
from hub_core.storage.tables import listings, order_lines, orders, pushes, searches, stock_levels, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, SEEN_LATER, rows
from tests.hubs import settings as hub_settings
from tests.machines import FreshUrl, fresh_postgresql, fresh_sqlite, hurry, run_machine
from tests.services.stock_model import Model, ModelStore, units_of
from tests.stockshop.desk import connected, stock_shop_registry
from tests.stockshop.shop import StockShop, open_stock_shop
from tests.toyshop.channel import read
from tests.toyshop.shop import Shop

T = TypeVar("T")
REGISTRY = stock_shop_registry()

OFFERS = {"north": {"n1": "A", "n2": "A", "n3": "B"}, "south": {"s1": "A", "s2": "B", "s3": "SET"}}
RULES: dict[str, dict[str, Any]] = {"north": {}, "south": {"buffer": 1, "maximum": 8}}
STORES = st.sampled_from(list(OFFERS))
SKUS = st.sampled_from(["A", "B", "SET"])
ORDERS = st.sampled_from(["1", "2", "3", "4"])
STATUSES = st.sampled_from(["open", "open", "shipped", "cancelled", "on_hold", "pending"])
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["A", " A", "B", "SET", None]),
            "offer": st.sampled_from([None, None, 0, 1, 2, "unknown"]),
            "quantity": st.integers(0, 4).map(str),
            "cancelled": st.sampled_from(["0", "0", "1"]),
            "shipped": st.sampled_from(["0", "0", "0", "2"]),
            "bundle_parent": st.sampled_from([None, None, None, "1"]),
            "fulfilled_by": st.sampled_from(["merchant", "merchant", "channel"]),
        }
    ),
    max_size=3,
)
BUSTLE = st.sampled_from(["sell", "sell", "level", "orders", "stock", "listings"])
AGES = st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=5), timedelta(hours=36), timedelta(days=4)])


class Trade(RuleBasedStateMachine):
    """Two stores that share their stock, the hub between them, and a model that sees what the hub is shown."""

    fresh_url: FreshUrl

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = VirtualClock(NOW)
        self.stack = AsyncExitStack()
        self.model = Model()
        self.shops: dict[str, StockShop] = {}
        self.ids: dict[str, int] = {}
        self.newest = [0]
        self.set_at: dict[str, int] = {}
        self.past: list[tuple[str, str, bytes, Any]] = []
        self.meddled: set[tuple[str, str]] = set()
        self.unseen: set[str] = set()
        self.sales = itertools.count(3)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(old=st.booleans(), lines=LINES)
    def begin(self, old: bool, lines: list[dict[str, Any]]) -> None:
        self.hub = self.do(self._open(type(self).fresh_url(self.folder)))
        for name, offers in OFFERS.items():
            shop = self.shops[name] = open_stock_shop(name, page_size=2)
            for listing, sku in offers.items():
                shop.offer(listing, sku, stock=5)
            shop.before_page = self._shown
            self.model.stores[name] = ModelStore(**RULES[name])
            if old:
                self._put(name, "1", "open", lines, timedelta(hours=3))
            self._connect(name)

    async def _open(self, url: str) -> Hub:
        opening = Hub.open(url, settings=hub_settings(), clock=self.clock, registry=REGISTRY)
        hub = await self.stack.enter_async_context(opening)
        hurry(hub)
        return hub

    def _connect(self, name: str) -> None:
        """Connect a store and read it: its orders are history then, but for those of an earlier identity."""
        store = self.model.stores[name]
        store.connecting = True
        self.ids[name] = self.do(connected(self.hub, self.shops[name], **RULES[name])).id
        self._run(name, "orders")
        store.connecting = False
        self._run(name, "listings")
        skus = list(OFFERS[name].values())
        store.links = {listing: sku if skus.count(sku) == 1 else None for listing, sku in OFFERS[name].items()}

    def _shown(self, shop: Shop, start: int) -> None:
        """The hub asks for a page of orders: what it is shown, the model sees."""
        poll, window, _ = shop.diary[-1]
        for row in shop.found(poll, window)[start : start + shop.page_size]:
            self.model.see(shop.name, row.raw, row.placed_at)
        self.unseen.discard(shop.name)

    def _run(self, name: str, kind: str) -> Run:
        self.clock.advance(61)
        return self.do(self.hub.sync(self.ids[name], kind))

    # What happens in the stores.

    def _put(self, name: str, key: str, status: str, lines: list[dict[str, Any]], age: timedelta) -> None:
        shop, now = self.shops[name], self.clock.now()
        known = shop.orders.get(key)
        told = [{**line, "id": str(number), "price": "1"} for number, line in enumerate(lines, 1)]
        for line in told:
            offer = line.pop("offer")
            line["listing"] = list(OFFERS[name])[offer] if isinstance(offer, int) else offer
        if known is not None:
            self.past.append((name, key, known.raw, known.updated_at))
        placed_at = known.placed_at if known else now - age
        shop.put(key, placed_at, status=status, lines=told, updated_at=now)
        if known is None:
            self._sell(shop, json.loads(shop.orders[key].raw))
        self.unseen.add(name)

    @staticmethod
    def _sell(shop: StockShop, order: dict[str, Any]) -> None:
        """What a shop does by itself: it takes a new order from its own figures, down to nothing."""
        units = units_of(order)
        for line in order["lines"]:
            named = shop.articles.get(line["listing"] or "")
            bearing = [each for each in shop.articles.values() if each.sku == (line["sku"] or "").strip()]
            sold = named or (bearing[0] if bearing and line["listing"] is None else None)
            if sold is not None and sold.stock is not None:
                sold.stock = max(sold.stock - units[line["id"]], min(sold.stock, Decimal(0)))

    @rule(name=STORES, key=ORDERS, status=STATUSES, lines=LINES, age=AGES)
    def order(self, name: str, key: str, status: str, lines: list[dict[str, Any]], age: timedelta) -> None:
        self.clock.advance(1)
        self._put(name, key, status, lines, age)

    def _sell_one(self, name: str, number: int, units: int) -> None:
        line = {"sku": "A", "offer": number, "quantity": str(units)}
        self.clock.advance(1)
        self._put(name, f"sale {next(self.sales)}", "open", [line], timedelta(0))

    @rule(name=STORES, number=st.integers(0, 2), units=st.integers(1, 3), busy=st.lists(BUSTLE, min_size=2, max_size=6))
    def bustle(self, name: str, number: int, units: int, busy: list[str]) -> None:
        """Sales, levels, reads and sends of one listing follow each other closely."""
        sku = self.model.stores[name].links[list(OFFERS[name])[number]] or "A"
        for what in ("level", "orders", *busy):
            if what == "sell":
                self._sell_one(name, number, units)
            elif what == "level":
                self.stock_is_what_the_model_says()
                self.set_level(sku, str(next(self.sales) % 9), None)
                self.stock_is_what_the_model_says()
            else:
                self._run(name, what)
        self.read_and_push(name)

    @rule(name=STORES, key=ORDERS, status=STATUSES)
    def change_status(self, name: str, key: str, status: str) -> None:
        self.clock.advance(1)
        shop, now = self.shops[name], self.clock.now()
        if key in shop.orders:
            row = shop.orders[key]
            self.past.append((name, key, row.raw, row.updated_at))
            told = {**json.loads(row.raw), "status": status, "updated_at": now.isoformat()}
            row.raw, row.updated_at, row.status = json.dumps(told).encode(), now, status
            self.unseen.add(name)

    @rule(name=STORES, number=st.integers(0, 2), units=st.integers(0, 12))
    def meddle(self, name: str, number: int, units: int) -> None:
        """Somebody edits the stock in the store."""
        listing = list(OFFERS[name])[number]
        self.shops[name].articles[listing].stock = Decimal(units)
        self.meddled.add((name, listing))

    @rule(name=STORES, before=st.booleans())
    def fail_next(self, name: str, before: bool) -> None:
        """The store takes nothing, or takes it and its answer gets lost."""
        if before:
            self.shops[name].dies = 1
        else:
            self.shops[name].loses = 1

    @rule(name=STORES, key=ORDERS, lines=LINES, before=st.booleans())
    def sell_while_sending(self, name: str, key: str, lines: list[dict[str, Any]], before: bool) -> None:
        shop = self.shops[name]

        async def sell() -> None:
            shop.before_push = shop.before_answer = None
            self.clock.advance(1)
            self._put(name, key, "open", lines, timedelta(0))

        if before:
            shop.before_push = sell
        else:
            shop.before_answer = sell

    # What the hub does.

    @rule(name=STORES)
    def read_orders(self, name: str) -> None:
        assert self._run(name, "orders").state == "succeeded" or self.do(self.hub.rejects.page())

    @rule(name=STORES)
    def read_listings(self, name: str) -> None:
        self._run(name, "listings")

    @rule(name=STORES)
    def push(self, name: str) -> None:
        run = self._run(name, "stock")
        if run.state == "succeeded" and name not in self.unseen:
            self._promises_nothing_that_is_not_there(name)

    @rule(name=STORES)
    def read_and_push(self, name: str) -> None:
        self._run(name, "orders")
        self.push(name)

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def read_late(self, data: st.DataObject) -> None:
        """An answer comes that was asked for before an order was seen as it is now."""
        name, key, raw, at = data.draw(st.sampled_from(self.past))
        held = rows(self.hub, orders, orders.c.integration_id == self.ids[name], orders.c.external_id == key)
        if held and held[0]["sent_at"] > at:
            page = OrderPage([Record(key, raw)], read, None)
            context = PageContext(integration_id=self.ids[name], channel="stockshop", sent_at=at, seen=SEEN_LATER)
            self.do(OrderIntake(self.hub.parts).take(page, context))

    @rule(name=STORES)
    def connect_anew(self, name: str) -> None:
        store = self.model.stores[name]
        (new,) = [one for one in self._searches(name) if one["search"] == "new"]
        self.do(self.hub.integrations.remove(self.ids[name]))
        self.clock.advance(61)
        anew = ModelStore(**RULES[name])
        anew.earlier = {**store.earlier, **store.orders}
        anew.unseen_since = new["watermark"] - timedelta(days=1)
        self.model.stores[name] = anew
        self._connect(name)

    def _searches(self, name: str) -> list[dict[str, Any]]:
        return rows(self.hub, searches, searches.c.integration_id == self.ids[name])

    # What people do.

    @rule(sku=SKUS, units=st.sampled_from(["0", "1", "5", "7.5", "20"]), back=st.sampled_from([None, None, 0, 1, 3]))
    def set_level(self, sku: str, units: str, back: int | None) -> None:
        """A level is set now, or as of the end of an earlier step."""
        now = self.model.step - 1
        after = now if back is None else max(now - back, self.set_at.get(sku, 0))
        self.set_at[sku] = self.model.step
        self.do(self.hub.stock.set({sku: units}, after_event=None if back is None else self.newest[after + 1]))
        self.model.set(sku, Decimal(units), after)

    @rule(sku=SKUS, by=st.sampled_from(["-3", "1", "2.5"]))
    def adjust(self, sku: str, by: str) -> None:
        if sku in self.model.levels:
            self.do(self.hub.stock.adjust({sku: by}))
            self.model.adjust(sku, Decimal(by))

    @rule(name=STORES, number=st.integers(0, 2), sku=st.sampled_from(["A", "B", None]))
    def link(self, name: str, number: int, sku: str | None) -> None:
        listing = list(OFFERS[name])[number]
        row = self._listings(name)[listing]
        self.do(self.hub.listings.unlink(row["id"]) if sku is None else self.hub.listings.link(row["id"], sku))
        self.model.stores[name].links[listing] = sku

    # What holds at all times.

    @precondition(lambda self: self.ids)
    @invariant()
    def stock_is_what_the_model_says(self) -> None:
        self.newest.append(self.do(self.hub.events.newest()))
        self.model.step += 1
        levels = {row["sku"]: row for row in rows(self.hub, stock_levels)}
        available = {sku: None if row["level"] is None else row["level"] + row["moved"] for sku, row in levels.items()}
        for sku in ("A", "B", "SET"):
            assert available.get(sku) == self.model.available(sku), sku
        self._targets_are_right()
        self._rows_add_up(levels)

    def _targets_are_right(self) -> None:
        for name, store in self.model.stores.items():
            told = self._pushes(name)
            for listing in store.links:
                assert told[listing]["target"] == self.model.target(name, listing), listing

    def _rows_add_up(self, levels: dict[str, dict[str, Any]]) -> None:
        """Movements, what lines have taken, and the sums that are kept, all say the same."""
        movements = rows(self.hub, stock_movements)
        for sku, level in levels.items():
            later = [
                row["units"] for row in movements if row["sku"] == sku and row["event_id"] > (level["after_event"] or 0)
            ]
            assert level["moved"] == sum(later), sku
        held = rows(self.hub, orders)
        told_anew = {row["same_as"] for row in held}
        current = {row["id"] for row in held} - told_anew
        taken = [row for row in rows(self.hub, order_lines) if row["order_id"] in current and row["stock_sku"]]
        for sku in levels:
            units = sum((row["taken"] for row in taken if row["stock_sku"] == sku), Decimal(0))
            moved = sum((row["units"] for row in movements if row["sku"] == sku), Decimal(0))
            assert moved == self.model.adjusted[sku] - units, sku
        self._lines_are_right(held, taken)

    def _lines_are_right(self, held: list[dict[str, Any]], taken: list[dict[str, Any]]) -> None:
        numbers = {(row["integration_id"], row["external_id"]): row["id"] for row in held}
        lines = {(row["order_id"], row["external_id"]): (row["stock_sku"], row["taken"]) for row in taken}
        for name, store in self.model.stores.items():
            for key, order in store.orders.items():
                number = numbers[self.ids[name], key]
                for line, said in order.lines.items():
                    if said.article is not None:
                        assert lines[number, line] == (said.article, said.units), (name, key, line)

    def _listings(self, name: str) -> dict[str, dict[str, Any]]:
        found = rows(self.hub, listings, listings.c.integration_id == self.ids[name])
        return {row["external_id"]: row for row in found}

    def _pushes(self, name: str) -> dict[str, dict[str, Any]]:
        told = {
            row["listing_id"]: row
            for row in rows(self.hub, pushes, pushes.c.integration_id == self.ids[name], pushes.c.flow == "stock")
        }
        return {key: told[row["id"]] for key, row in self._listings(name).items()}

    def _promises_nothing_that_is_not_there(self, name: str) -> None:
        """A store whose orders are known, and that took what it was told, has no more than it should."""
        for listing, row in self._pushes(name).items():
            is_known = not row["in_flight"] and (name, listing) not in self.meddled
            if is_known and row["target"] is not None:
                assert (self.shops[name].stock(listing) or 0) <= row["target"], (name, listing)

    # What holds in the end.

    def teardown(self) -> None:
        try:
            if len(self.ids) == len(OFFERS):
                self._quiet()
                for kind in ("listings", "orders", "stock", "orders", "stock"):
                    for name in OFFERS:
                        self._run(name, kind)
                self.stock_is_what_the_model_says()
                for name in OFFERS:
                    self._store_has_what_it_should(name)
        finally:
            self.do(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    def _quiet(self) -> None:
        """Let the stores answer well from now on, and the hub's back-off end."""
        for shop in self.shops.values():
            shop.dies = shop.loses = 0
            shop.before_push = shop.before_answer = None
        self.clock.advance(3600)

    def _store_has_what_it_should(self, name: str) -> None:
        for listing, row in self._pushes(name).items():
            if row["target"] is not None:
                assert self.shops[name].stock(listing) == row["target"] == row["expected"], (name, listing)


def run(url: FreshUrl, examples: int, steps: int) -> None:
    class Machine(Trade):
        fresh_url = staticmethod(url)

    run_machine(Machine, examples, steps)


def test_stock_comes_out_as_reckoned_on_sqlite(sqlite_template: Path) -> None:
    run(fresh_sqlite(sqlite_template), 6, 15)


def test_stock_comes_out_as_reckoned_on_postgresql(postgres_with_tables: str) -> None:
    run(fresh_postgresql(postgres_with_tables), 2, 12)
