"""Whatever happens to a shop and to the hub: in the end the hub holds what the shop holds, each order once."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hub_core import Hub, UnavailableError
from hub_core.domain.errors import StorageError
from hub_core.storage.tables import order_revisions, orders
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, found, rows, settings, toyshop_registry
from tests.machines import hurry, run_machine
from tests.toyshop.channel import read
from tests.toyshop.shop import Shop, open_shop

T = TypeVar("T")
REGISTRY = toyshop_registry()
IDS = st.sampled_from(["1", "2", "3", "4", "5", "6"])
STATUSES = st.sampled_from(["open", "shipped", "cancelled", "on_hold"])
MOMENTS = st.integers(0, 7)


class Trade(RuleBasedStateMachine):
    """A shop in which things happen, and a hub that reads it and is disturbed."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(self.template, self.folder / "hub.db")
        self.clock = VirtualClock(NOW)
        self.serial = itertools.count()
        self.stack: AsyncExitStack | None = None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(page_size=st.integers(1, 4))
    def connect(self, page_size: int) -> None:
        self.shop = open_shop("north", page_size=page_size)
        self.do(self._open())
        self.integration = self.do(connected(self.hub, self.shop)).id

    async def _open(self) -> None:
        self.stack = AsyncExitStack()
        url = f"sqlite:///{self.folder / 'hub.db'}"
        self.hub = await self.stack.enter_async_context(
            Hub.open(url, settings=settings(), clock=self.clock, registry=REGISTRY)
        )
        hurry(self.hub)

    async def _close(self) -> None:
        if self.stack is not None:
            await self.stack.aclose()

    # What happens in the shop. Each change is dated, as a real store dates it.

    @rule(order=IDS, status=STATUSES, quantity=st.integers(1, 3))
    def put(self, order: str, status: str, quantity: int) -> None:
        placed_at = self.shop.orders[order].placed_at if order in self.shop.orders else self.clock.now()
        line = {"id": f"{order}-1", "sku": "SKU", "quantity": str(quantity), "price": "1.10"}
        self.shop.put(order, placed_at, status=status, lines=[line], updated_at=self.clock.now())

    @rule(order=IDS)
    def spoil(self, order: str) -> None:
        if order in self.shop.orders:
            row = self.shop.orders[order]
            row.raw, row.updated_at = b"broken %d" % next(self.serial), self.clock.now()

    @rule(order=IDS)
    def drop(self, order: str) -> None:
        self.shop.orders.pop(order, None)

    @rule(order=IDS)
    def move_to_the_end(self, order: str) -> None:
        if order in self.shop.orders:
            self.shop.orders[order] = self.shop.orders.pop(order)

    # What happens to the hub.

    @rule(seconds=st.sampled_from([1, 61, 4000]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def sync(self) -> None:
        self._sync(lambda _: None)

    @rule(moment=MOMENTS)
    def sync_while_the_shop_fails(self, moment: int) -> None:
        def fail(asked: int) -> None:
            if asked == moment:
                raise UnavailableError("The shop is closed for lunch.")

        self._sync(fail)

    @rule(moment=MOMENTS, order=IDS, status=STATUSES)
    def sync_while_an_order_changes(self, moment: int, order: str, status: str) -> None:
        def change(asked: int) -> None:
            self.clock.advance(0.5)
            if asked == moment:
                self.put(order, status, 1)

        self._sync(change)

    @rule(statement=st.integers(1, 60))
    def sync_while_the_database_fails(self, statement: int) -> None:
        countdown = iter(range(statement, -1, -1))

        def fail(*_: object) -> None:
            if next(countdown, -1) == 0:
                raise OperationalError("", {}, Exception("disk I/O error"))

        engine = self.hub.parts.database.engine
        event.listen(engine, "before_cursor_execute", fail)
        try:
            self._sync(lambda _: None)
        except StorageError:
            self.clock.advance(9)
        finally:
            event.remove(engine, "before_cursor_execute", fail)

    @rule(moment=MOMENTS)
    def cancel_and_restart(self, moment: int) -> None:
        async def cancelled() -> None:
            task = asyncio.ensure_future(self.hub.sync(self.integration))

            def cancel(shop: Shop, start: int) -> None:
                if next(asked) == moment:
                    task.cancel()

            asked = itertools.count()
            self.shop.before_page = cancel
            await asyncio.gather(task, return_exceptions=True)
            self.shop.before_page = None
            await self._close()
            await self._open()

        self.do(cancelled())

    def _sync(self, happens: Callable[[int], None]) -> None:
        asked = itertools.count()
        self.shop.before_page = lambda *_: happens(next(asked))
        try:
            self.do(self.hub.sync(self.integration))
        finally:
            self.shop.before_page = None

    # What holds at all times.

    @precondition(lambda self: self.stack is not None)
    @invariant()
    def numbers_have_no_gaps(self) -> None:
        events = self.do(self.hub.events.after(limit=10_000))
        assert [each.id for each in events] == list(range(1, len(events) + 1))
        held = rows(self.hub, orders)
        assert len({row["external_id"] for row in held}) == len(held)
        created = [each.order_id for each in events if each.type == "order.created"]
        assert sorted(created, key=str) == sorted([row["id"] for row in held], key=str)
        revisions: dict[int, list[int]] = {row["id"]: [1] for row in held}
        for row in rows(self.hub, order_revisions):
            revisions[row["order_id"]].append(row["revision"])
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in revisions.values())
        assert {row["id"]: row["revision"] for row in held} == {key: each[-1] for key, each in revisions.items()}

    # What holds in the end.

    def teardown(self) -> None:
        if self.stack is not None:
            self.clock.advance(1000)
            run = self.do(self.hub.sync(self.integration))
            assert run.state in ("succeeded", "partial"), run
            self.same_in_the_end()
            self.numbers_have_no_gaps()
        self.do(self._close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def same_in_the_end(self) -> None:
        own = {"id", "integration_id", "revision", "history", "same_as", "erased_at"}
        held = {each.external_id: each.model_dump(exclude=own) for each in self.do(found(self.hub))}
        good = {key: row for key, row in self.shop.orders.items() if not row.raw.startswith(b"broken")}
        broken = self.shop.orders.keys() - good.keys()
        for key, row in good.items():
            assert held[key] == read(row.raw).model_dump(), key
        rejects = self.do(self.hub.rejects.page())
        assert {(each.external_id, each.raw) for each in rejects if each.external_id in self.shop.orders} == {
            (key, self.shop.orders[key].raw.decode()) for key in broken
        }


def test_the_hub_ends_with_what_the_shop_has(sqlite_template: Path) -> None:
    class Machine(Trade):
        template = sqlite_template

    run_machine(Machine, examples=18, steps=14)
