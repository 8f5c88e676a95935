"""The stage of the life of integrations: a platform, a hub, what the model sees of both, and what must hold."""

import asyncio
import itertools
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition

from hub_core import Hub
from hub_core.domain.errors import ConflictError, HubError
from hub_core.domain.integrations import Integration
from hub_core.storage.tables import flow_state, integrations, orders, searches, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.grantshop.desk import GrantDesk, grantshop_registry
from tests.grantshop.platform import Account
from tests.hubs import NOW, rows
from tests.hubs import settings as hub_settings
from tests.machines import FreshUrl, hurry
from tests.services.life_model import REFUSED, LifeModel, ModelIntegration
from tests.toyshop.shop import Row, Shop

T = TypeVar("T")
REGISTRY = grantshop_registry()
NUMBERS = (7, 8)
STORES = [f"eu-{number}" for number in NUMBERS]


class Logged(logging.Handler):
    """Counts how often the log says that an integration is stopped."""

    stops = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.stops += " is stopped: " in record.getMessage()


class Stage(RuleBasedStateMachine):
    """A platform with two accounts, the hub, and a model of what links them."""

    fresh_url: FreshUrl
    url: str
    hub: Hub
    accounts: dict[str, Account]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = VirtualClock(NOW)
        self.stack = AsyncExitStack()
        self.model = LifeModel()
        self.names = (f"Further {number}" for number in itertools.count(1))
        self.removed_at: dict[int, datetime] = {}
        self.erased: list[int] = []
        self.ends: dict[str, datetime] = {}
        self.used: list[str] = []
        self.posted: list[tuple[str, bytes, int]] = []
        self.shown: list[Row] = []
        self.reads: ModelIntegration | None = None
        self.given = dict.fromkeys(STORES, 0)
        self.trespassed: list[str] = []
        self.logged = Logged()
        logging.getLogger("hub_core").addHandler(self.logged)
        self.has_ended = False
        self.disturbs: Callable[[int], None] = lambda _: None
        self.asked = itertools.count()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _open(self) -> None:
        opening = Hub.open(self.url, settings=hub_settings(), clock=self.clock, registry=REGISTRY)
        self.hub = await self.stack.enter_async_context(opening)
        self.desk = GrantDesk(self.hub, self.clock, None)  # type: ignore[arg-type]
        hurry(self.hub)

    async def _close(self) -> None:
        await self.stack.aclose()
        self.stack = AsyncExitStack()

    # Doing something, and seeing that what is refused changes nothing.

    def one(self, pick: int) -> ModelIntegration:
        """One of the last that there are, or were."""
        there = list(self.model.all.values())[-4:]
        return there[pick % len(there)]

    def account(self, one: ModelIntegration) -> Account:
        return self.accounts[one.store]

    def _issue(self, store: str) -> None:
        """Make the tokens void that the hub may have: those that it got for them, too."""
        self.accounts[store].issue()
        self.given[store] += 1

    def fits(self, one: ModelIntegration) -> bool:
        """Tell whether its store would let it in, after a renewal if need be."""
        return one.holds == self.given[one.store]

    def refused(self, work: Coroutine[Any, Any, Any], *errors: type[HubError]) -> HubError:
        before = self.desk.everything()
        with pytest.raises(errors) as caught:
            self.do(work)
        assert str(caught.value)
        assert self.desk.everything() == before
        return caught.value

    def done(self, work: Coroutine[Any, Any, T], one: ModelIntegration) -> T | None:
        """Do what only one that was not removed allows."""
        if one.removed:
            self.refused(work, ConflictError)
            return None
        return self.do(work)

    # What the hub is shown by a store.

    def _reading(self, one: ModelIntegration, work: Coroutine[Any, Any, T]) -> T:
        """Let one read its store, and note what it is shown and keeps."""
        self.reads, self.shown, self.has_ended, self.asked = one, [], False, itertools.count()
        done = self.do(work)
        self.reads = None
        held = {row["external_id"]: row["raw"] for row in rows(self.hub, orders, orders.c.integration_id == one.id)}
        self._see(one, [row for row in self.shown if held.get(row.external_id) == row.raw])
        baseline = rows(self.hub, searches, searches.c.integration_id == one.id, searches.c.search == "baseline")
        self.model.stores[one.store].is_read |= any(row["completed_at"] for row in baseline)
        return done

    def _asked(self, shop: Shop, start: int) -> None:
        """The hub asks for a page: by then it has kept the one before."""
        one = self.reads
        if one is None or not one.works or one.off or self.account(one) is not shop:
            self.trespassed.append(shop.name)
            return
        poll, window, _ = shop.diary[-1]
        self._see(one, self.shown)
        self.model.stores[one.store].is_read |= self.has_ended
        self.shown = shop.found(poll, window)[start : start + shop.page_size]
        self.has_ended = not self.shown
        self.disturbs(next(self.asked))

    def _see(self, one: ModelIntegration, shown: list[Row]) -> None:
        for row in shown:
            told = json.loads(row.raw)
            wanted = Decimal(0) if told["status"] == "cancelled" else Decimal(told["lines"][0]["quantity"])
            self.model.stores[one.store].see(row.external_id, wanted)

    # What holds at all times.

    @precondition(lambda self: hasattr(self, "hub"))
    @invariant()
    def each_stands_where_the_model_says(self) -> None:
        present = self.do(self.hub.integrations.list())
        gone = self.do(self.hub.integrations.list(removed=True))
        assert [one.id for one in present] == [one.id for one in self.model.present]
        assert {one.id for one in (*present, *gone)} == self.model.all.keys()
        for shown in (*present, *gone):
            self._is_shown_right(shown, self.model.all[shown.id])
        stores = [one.store.key for one in present if one.store is not None]
        assert len(stores) == len(set(stores))
        assert not self.trespassed

    def _is_shown_right(self, shown: Integration, one: ModelIntegration) -> None:
        assert (shown.name, shown.enabled, shown.connection) == (one.name, one.enabled, one.connection)
        assert (shown.removed_at is not None) is one.removed
        assert {flow.value for flow, status in shown.flows.items() if not status.enabled} == one.off
        assert (shown.store.key if shown.store else None) == (one.store if one.was_connected else None)
        assert shown.health.sentence
        if one.code is None:
            assert shown.health.code not in ("disabled", "removed", "awaiting_authorization", REFUSED)
        else:
            assert shown.health.code == one.code

    @precondition(lambda self: hasattr(self, "hub"))
    @invariant()
    def what_lies_in_the_database_fits(self) -> None:
        for row in rows(self.hub, integrations):
            one = self.model.all[row["id"]]
            assert (row["credentials"] is not None) is (one.leaving if one.removed else one.was_connected), row["name"]
        for row in rows(self.hub, flow_state):
            one = self.model.all[row["integration_id"]]
            assert row["open"] is (one.works and row["flow"] not in one.off), (one, row["flow"])
        events = self.do(self.hub.events.after(limit=10_000))
        assert [each.id for each in events] == list(range(1, len(events) + 1))
        told = [(each.type, each.integration_id) for each in events if each.type.startswith("integration.")]
        assert told == self.model.told
        assert self.logged.stops == [what for what, _ in told].count("integration.needs_reauthorization")

    @precondition(lambda self: hasattr(self, "hub"))
    @invariant()
    def each_line_takes_as_if_nothing_had_interrupted(self) -> None:
        moved = dict.fromkeys({row["sku"] for row in rows(self.hub, stock_movements)}, Decimal(0))
        for row in rows(self.hub, stock_movements):
            moved[row["sku"]] -= row["units"]
        for store, seen in self.model.stores.items():
            for key, order in seen.orders.items():
                sku = f"{self.accounts[store].number}-{key}"
                assert moved.pop(sku, 0) == order.taken, (sku, order)
        assert not any(moved.values())

    def teardown(self) -> None:
        logging.getLogger("hub_core").removeHandler(self.logged)
        self.do(self._close())
        self.runner.close()
        shutil.rmtree(self.folder)
