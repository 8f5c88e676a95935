"""Whatever people, platforms and crashes do to integrations, in any order: each stands where a plain model says."""

import asyncio
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event

from hub_core import AuthorizationError, Hub, UnavailableError
from hub_core.domain.errors import ConflictError, HubError, InputError, NotFoundError
from hub_core.domain.integrations import Flow, Integration
from hub_core.domain.runs import Run, RunState
from hub_core.engine.runner import Runner
from hub_core.services import removing
from hub_core.services.authorization import VALID_FOR
from hub_core.services.finishing import ABANDONED
from hub_core.services.removing import Removing
from hub_core.services.slices import Slice
from hub_core.storage.tables import flow_state, integrations, orders, searches, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.grantshop.desk import GrantDesk, grantshop_registry
from tests.grantshop.platform import CLIENT_ID, CLIENT_SECRET, LIFE, Account, new_platform
from tests.hubs import NOW, empty_tables, rows
from tests.hubs import settings as hub_settings
from tests.services.life_model import CONNECTED, REFUSED, LifeModel, ModelIntegration, ModelStore
from tests.toyshop.shop import Row, Shop

T = TypeVar("T")
REGISTRY = grantshop_registry()
THOROUGH = "EXAMPLES" in os.environ
"""So `make prove` says that it takes its time."""

NUMBERS = (7, 8)
STORES = [f"eu-{number}" for number in NUMBERS]
ACCOUNTS = st.sampled_from(NUMBERS)
NAMES = st.sampled_from(["One", "  one ", "Two", "Three", "two  and a half"])
KEYS = st.sampled_from(["1", "2", "3"])
PICK = st.integers(0, 3)
WAITS = st.sampled_from([1, 30, 61, 1000, 4000])
MOMENTS = st.integers(0, 5)
SAYS = st.sampled_from(["yes", "yes", "no", "somebody else", "nothing"])
HOW = st.sampled_from(["client", "tokens", "store", "body", "address"])


class DiedError(BaseException):
    """The process is killed here."""


class Life(RuleBasedStateMachine):
    """A platform with two accounts, the hub, and all that befalls what links them."""

    fresh_url: Callable[[Path], str]

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
        self.has_ended = False
        self.disturbs: Callable[[int], None] = lambda _: None
        self.asked = itertools.count()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(page_size=st.integers(1, 3), there=st.sampled_from([(7,), (7, 8), (8,), ()]))
    def begin(self, page_size: int, there: tuple[int, ...]) -> None:
        self.url = type(self).fresh_url(self.folder)
        self.do(self._open())
        keys = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        self.do(self.hub.applications.set("grantshop", keys))
        platform = new_platform(self.clock)
        self.accounts = {f"eu-{number}": platform.open(number, page_size=page_size) for number in NUMBERS}
        for key, account in self.accounts.items():
            account.before_page = self._asked
            self.model.stores[key] = ModelStore()
            self._issue(key)
        for number in there:
            self.order(number, "1", 2, "open")
            added = self.do(self.desk.add(number, name := next(self.names)))
            self._authorize(self.model.add(added.id, name, f"eu-{number}"), fresh=False)

    async def _open(self) -> None:
        opening = Hub.open(self.url, settings=hub_settings(), clock=self.clock, registry=REGISTRY)
        self.hub = await self.stack.enter_async_context(opening)
        self.desk = GrantDesk(self.hub, self.clock, None)  # type: ignore[arg-type]
        if self.url.startswith("sqlite"):
            engine = self.hub.parts.database.engine
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))

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

    # What people do.

    @rule(name=NAMES, number=ACCOUNTS)
    def add(self, name: str, number: int) -> None:
        work = self.desk.add(number, name)
        if self.model.may_add(name, f"eu-{number}"):
            self.model.add(self.do(work).id, name, f"eu-{number}")
        else:
            self.refused(work, ConflictError)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, name=NAMES)
    def rename(self, pick: int, name: str) -> None:
        one = self.one(pick)
        if self.model.named(name) in (None, one):
            if self.done(self.hub.integrations.rename(one.id, name), one):
                self.model.rename(one, name)
        else:
            self.refused(self.hub.integrations.rename(one.id, name), ConflictError)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, fresh=st.booleans())
    def authorize(self, pick: int, fresh: bool) -> None:
        one = self.one(pick)
        self._authorize(one, fresh=fresh)

    def _authorize(self, one: ModelIntegration, *, fresh: bool) -> None:
        account = self.account(one)
        if fresh:
            self._issue(one.store)
        given = {"access": account.access, "refresh": account.refresh}
        if fresh:
            given["expires_at"] = (self.clock.now() + LIFE).isoformat()
        work = self.hub.integrations.authorize(one.id, given)
        if self.model.may_connect(one):
            self.do(work)
            self.model.connect(one, self.given[one.store])
        else:
            self.refused(work, ConflictError)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK)
    def verify(self, pick: int) -> None:
        one, work = self.one(pick), self.hub.integrations.verify(self.one(pick).id)
        if one.removed:
            self.refused(work, ConflictError)
        elif not one.was_connected or not self.fits(one):
            self.refused(work, AuthorizationError)
        else:
            assert self.do(work).key == one.store
            self.model.resume(one)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, on=st.booleans(), flow=st.sampled_from([None, None, "orders", "orders", "stock"]))
    def switch(self, pick: int, on: bool, flow: str | None) -> None:
        one = self.one(pick)
        work = (self.hub.integrations.enable if on else self.hub.integrations.disable)(one.id, flow=flow)
        if flow == "stock":
            self.refused(work, ConflictError, InputError)
        elif not self.done(work, one):
            return
        elif flow is None:
            self.model.switch(one, on=on)
        else:
            self.model.switch_flow(one, flow, on=on)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, dies=st.sampled_from([False, False, True]))
    def remove(self, pick: int, dies: bool) -> None:
        one = self.one(pick)
        if one.removed:
            self.refused(self.hub.integrations.removal(one.id), ConflictError)
            self.refused(self.hub.integrations.remove(one.id), ConflictError)
            return
        assert one.name in self.do(self.hub.integrations.removal(one.id)).sentence
        if dies and one.was_connected:
            self._die(one)
        else:
            self.do(self.hub.integrations.remove(one.id))
        self._removed(one)

    def _die(self, one: ModelIntegration) -> None:
        """The process dies after the flows were closed, before the platform was told."""

        def killed(*_: Any, **__: Any) -> None:
            raise DiedError

        async def farewell(*_: Any) -> None:
            raise DiedError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Removing, "_say_farewell", farewell)
            patch.setattr(removing, "destroy", killed)
            with pytest.raises(DiedError):
                self.do(self.hub.integrations.remove(one.id))
        one.leaving = True

    def _removed(self, one: ModelIntegration) -> None:
        self.removed_at[one.id] = self.clock.now()
        self.model.remove(one)
        if not one.was_connected:
            self.erased.append(one.id)

    @precondition(lambda self: any(one.was_connected for one in self.model.present))
    @rule(key=KEYS, quantity=st.integers(1, 3), synced=st.booleans(), dies=st.booleans())
    def connect_anew(self, key: str, quantity: int, synced: bool, dies: bool) -> None:
        """One is removed, something is sold, and the store is added anew, perhaps amid the removal."""
        one = next(each for each in self.model.present if each.was_connected)
        if dies:
            self._die(one)
        else:
            self.do(self.hub.integrations.remove(one.id))
        self._removed(one)
        self.order(self.account(one).number, key, quantity, "open")
        name = next(self.names)
        anew = self.model.add(self.do(self.desk.add(self.account(one).number, name)).id, name, one.store)
        self._authorize(anew, fresh=True)
        if synced:
            self._sync(anew)

    # Signing in at the platform.

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, waits=WAITS, says=SAYS)
    def sign_in(self, pick: int, waits: int, says: str) -> None:
        """Somebody begins to sign in, and comes back after a while, or later, or never."""
        one = self.one(pick)
        if (state := self.done(self.desk.begin(one.id), one)) is not None:
            if one.state is not None:
                self.used.append(one.state)
            one.state, self.ends[state] = state, self.clock.now() + VALID_FOR
            if says != "nothing":
                self.clock.advance(waits)
                self._come_back(one, says)

    @precondition(lambda self: any(one.state for one in self.model.present))
    @rule(says=SAYS)
    def come_back(self, says: str) -> None:
        self._come_back(next(each for each in self.model.present if each.state), says)

    def _come_back(self, one: ModelIntegration, says: str) -> None:
        account, state = self.account(one), one.state or ""
        by = says if says == "somebody else" else None
        answer = {"state": state, "code": "unknown" if says == "no" else account.code()}
        work = self.hub.integrations.complete_authorization("grantshop", answer, by=by)
        if by is not None or self._is_over(state):
            self.refused(work, InputError)
            return
        one.state = None
        self.used.append(state)
        if says == "no":
            self.refused(work, AuthorizationError)
            return
        self.given[one.store] += 1
        if self.model.may_connect(one):
            self.do(work)
            self.model.connect(one, self.given[one.store])
        else:
            self.refused(work, ConflictError)

    def _is_over(self, state: str) -> bool:
        return bool(self.ends[state] <= self.clock.now())

    # What is done wrongly, or in the name of others.

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, forgery=st.sampled_from(["tokens", "none", "mixed up", "another", "state", "callback"]), how=HOW)
    def forge(self, pick: int, forgery: str, how: str) -> None:
        one = self.one(pick)
        if forgery == "another":
            self._authorize_another_store(one)
        elif forgery == "state":
            self._come_back_with_another_state(one, how)
        elif forgery == "callback":
            self._post_forgery(one, how)
        else:
            self._authorize_wrongly(one, forgery)

    def _come_back_with_another_state(self, one: ModelIntegration, how: str) -> None:
        """With one that counted once, or never."""
        state = self.used[-1] if self.used and how == "client" else how
        self.refused(self.desk.come_back(state=state, code=self.account(one).code()), InputError)

    def _authorize_wrongly(self, one: ModelIntegration, tokens: str) -> None:
        other = next(each for key, each in self.accounts.items() if key != one.store)
        access = other.access if tokens == "mixed up" else tokens
        given = {} if tokens == "none" else {"access": access, "refresh": access}
        work = self.hub.integrations.authorize(one.id, given)
        self.refused(work, AuthorizationError, ConflictError, InputError)

    def _authorize_another_store(self, one: ModelIntegration) -> None:
        """The store that lets the hub in says that it is another one, which somebody has or this one is not."""
        account = self.account(one)
        other = next(key for key in self.accounts if key != one.store)
        if one.was_connected or self.model.holder(other) is not None:
            account.poses_as = self.accounts[other].number
            given = {"access": account.access, "refresh": account.refresh}
            error = self.refused(self.hub.integrations.authorize(one.id, given), ConflictError)
            account.poses_as = None
            assert one.name in str(error) or "is connected already, as" in str(error)

    def _post_forgery(self, one: ModelIntegration, forgery: str) -> None:
        account, before = self.account(one), self.desk.everything()
        tokens = {"access": "forged", "refresh": "forged"}
        if forgery == "address":
            self.refused(self.hub.callbacks.channel_at("grantshop", "forged"), NotFoundError)
            return
        bodies = {
            "client": account.event("revoked", client="another"),
            "tokens": account.event("granted", **tokens),
            "store": account.event("granted", **{**tokens, "account": 999}),
            "body": b"{",
        }
        assert self.do(self.desk.post(bodies[forgery])).status == 200
        assert self.desk.everything() == before

    # What platforms post.

    @rule(number=ACCOUNTS, again=st.booleans())
    def post_grant(self, number: int, again: bool) -> None:
        """The merchant lets the hub in at the platform, or what said so comes once more."""
        if not (again and self.posted):
            account = self.accounts[f"eu-{number}"]
            self.given[f"eu-{number}"] += 1
            self.posted.append((f"eu-{number}", account.granted(), account.made))
        store, body, made = self.posted[-1]
        one, before = self.model.takes(store), self.desk.everything()
        works = one is not None and one.connection == CONNECTED and self.fits(one)
        assert self.do(self.desk.post(body)).status == 200
        if one is not None and made == self.accounts[store].made and not works:
            self.model.connect(one, self.given[store])
        else:
            assert self.desk.everything() == before

    @rule(number=ACCOUNTS, seconds=WAITS)
    def post_revocation(self, number: int, seconds: int) -> None:
        """The platform, or somebody in its name, says that the hub was thrown out: it looks whether it was."""
        self.clock.advance(seconds)
        one, before = self.model.holder(f"eu-{number}"), self.desk.everything()
        assert self.do(self.desk.post(self.accounts[f"eu-{number}"].event("revoked"))).status == 200
        if one is None or one.connection == REFUSED:
            assert self.desk.everything() == before
        elif not self.fits(one):
            self.model.lock_out(one)

    # What happens in the stores.

    @rule(number=ACCOUNTS, told=st.booleans())
    def revoke(self, number: int, told: bool) -> None:
        """The merchant throws the hub out: it hears of that now, or when it is refused."""
        self._issue(f"eu-{number}")
        if told:
            self.post_revocation(number, 1)

    @rule(number=ACCOUNTS, key=KEYS, quantity=st.integers(1, 3), status=st.sampled_from(["open", "open", "cancelled"]))
    def order(self, number: int, key: str, quantity: int, status: str) -> None:
        """An order is placed, changed or cancelled."""
        self.clock.advance(1)
        account, now = self.accounts[f"eu-{number}"], self.clock.now()
        placed_at = account.orders[key].placed_at if key in account.orders else now
        line = {"id": "1", "sku": f"{account.number}-{key}", "quantity": str(quantity), "price": "1"}
        account.put(key, placed_at, updated_at=now, status=status, lines=[line])

    # What the hub does.

    @rule(seconds=WAITS, then=st.sampled_from(["restart", "work", "work", "tend", "nothing"]))
    def let_time_pass(self, seconds: int, then: str) -> None:
        """Time passes, and then the hub is opened anew, or a process does what is due."""
        if then == "restart":
            self.do(self._close())
        self.clock.advance(seconds)
        if then == "restart":
            self.do(self._open())
        elif then == "work":
            self._work()
        elif then == "tend":
            self.do(self.hub.engine().tend())
        if then in ("restart", "tend"):
            self._forgotten()

    def _forgotten(self) -> None:
        for one in self.model.all.values():
            if one.leaving and self.removed_at[one.id] + ABANDONED <= self.clock.now():
                one.leaving = False

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK)
    def sync(self, pick: int) -> None:
        self._sync(self.one(pick))

    def _sync(self, one: ModelIntegration) -> None:
        self.clock.advance(61)
        if one.works and not one.off:
            fits = self.fits(one)
            run = self._reading(one, self.hub.sync(one.id))
            assert (run.state == RunState.SUCCEEDED) is fits, run
            if not fits:
                self.model.lock_out(one)
        else:
            self.refused(self.hub.sync(one.id), ConflictError)

    @precondition(lambda self: any(one.works and not one.off and self.fits(one) for one in self.model.present))
    @rule(moment=MOMENTS, what=st.sampled_from(["revoke", "disable", "switch_flow", "remove", "fail"]))
    def sync_disturbed(self, moment: int, what: str) -> None:
        """Amid a read, a person or the platform closes what is read."""
        one = next(each for each in self.model.present if each.works and not each.off and self.fits(each))
        happened: list[asyncio.Task[Any] | None] = []

        def disturb(asked: int) -> None:
            if asked != moment:
                return
            closing: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
                "disable": lambda: self.hub.integrations.disable(one.id),
                "switch_flow": lambda: self.hub.integrations.disable(one.id, flow="orders"),
                "remove": lambda: self.hub.integrations.remove(one.id),
            }
            happened.append(asyncio.ensure_future(closing[what]()) if what in closing else None)
            if what == "revoke":
                self._issue(one.store)
            elif what == "fail":
                raise UnavailableError("The platform is closed for lunch.")

        async def disturbed() -> Run:
            run = await self.hub.sync(one.id)
            await asyncio.gather(*(task for task in happened if task))
            return run

        self.clock.advance(61)
        self.disturbs = disturb
        run = self._reading(one, disturbed())
        self.disturbs = lambda _: None
        if happened:
            self._was_disturbed(one, what, run)
        else:
            assert run.state == RunState.SUCCEEDED

    def _was_disturbed(self, one: ModelIntegration, what: str, run: Run) -> None:
        if what == "disable":
            self.model.switch(one, on=False)
        elif what == "switch_flow":
            self.model.switch_flow(one, "orders", on=False)
        elif what == "remove":
            self._removed(one)
        elif run.state == RunState.FAILED and what == "revoke":
            self.model.lock_out(one)
        else:
            assert run.state == (RunState.FAILED if what == "fail" else RunState.SUCCEEDED)

    def _work(self) -> None:
        runner = Runner(self.hub.parts, "this process")
        for number in [*self.model.all, *self.erased]:
            claimed = self.do(runner.claim(number, Flow.ORDERS))
            if claimed is None:
                continue
            one = self.model.all[number]
            assert one.works
            assert not one.off
            fits = self.fits(one)
            self._reading(one, runner.work(claimed, Slice(self.clock, seconds=10**6, pages_left=10**6)))
            if not fits:
                self.model.lock_out(one)

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

    # What holds in the end.

    def teardown(self) -> None:
        try:
            if hasattr(self, "accounts"):
                self._come_to_rest()
        finally:
            self.do(self._close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def _come_to_rest(self) -> None:
        """Everybody is let in and reads: then all that was sold is known, and nothing of the removed is left."""
        for one in list(self.model.present):
            if self.model.may_connect(one):
                self._authorize(one, fresh=True)
                self.switch_on(one)
                self._sync(one)
        self.let_time_pass(1000, "restart")
        self.each_stands_where_the_model_says()
        self.what_lies_in_the_database_fits()
        self.each_line_takes_as_if_nothing_had_interrupted()

    def switch_on(self, one: ModelIntegration) -> None:
        self.do(self.hub.integrations.enable(one.id))
        self.do(self.hub.integrations.enable(one.id, flow="orders"))
        self.model.switch(one, on=True)
        self.model.switch_flow(one, "orders", on=True)


def run(url: Callable[[Path], str], examples: int, steps: int) -> None:
    """Try a few *examples*, or as many as the environment says."""
    examples = int(os.environ.get("EXAMPLES", examples))
    steps = int(os.environ.get("STEPS", steps))

    class Machine(Life):
        fresh_url = staticmethod(url)

    case = Machine.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if THOROUGH or phase is not Phase.shrink],  # it takes many minutes
    )
    case("runTest").runTest()


def test_integrations_stand_where_the_model_says_on_sqlite(sqlite_template: Path) -> None:
    def fresh(folder: Path) -> str:
        shutil.copyfile(sqlite_template, folder / "hub.db")
        return f"sqlite:///{folder / 'hub.db'}"

    run(fresh, 6, 20)


def test_integrations_stand_where_the_model_says_on_postgresql(postgres_with_tables: str) -> None:
    def fresh(folder: Path) -> str:
        del folder
        empty_tables(postgres_with_tables)
        return postgres_with_tables

    run(fresh, 3, 15)
