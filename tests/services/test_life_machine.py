"""Whatever people, platforms and crashes do to integrations, in any order: each stands where a plain model says."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from hub_core import AuthorizationError, UnavailableError
from hub_core.domain.errors import ConflictError, InputError, NotFoundError
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Run, RunState
from hub_core.engine.runner import Runner
from hub_core.services import removing
from hub_core.services.authorization import VALID_FOR
from hub_core.services.finishing import ABANDONED
from hub_core.services.removing import Removing
from hub_core.services.slices import Slice
from tests.grantshop.platform import CLIENT_ID, CLIENT_SECRET, LIFE, new_platform
from tests.machines import FreshUrl, fresh_postgresql, fresh_sqlite, run_machine
from tests.services.life_model import CONNECTED, REFUSED, ModelIntegration, ModelStore
from tests.services.life_stage import NUMBERS, Stage

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


class Life(Stage):
    """All that befalls integrations."""

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
            self.do(self.hub.engine().chores.tend())
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

    # What holds in the end.

    def teardown(self) -> None:
        try:
            if hasattr(self, "accounts"):
                self._come_to_rest()
        finally:
            super().teardown()

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


def run(url: FreshUrl, examples: int, steps: int) -> None:
    class Machine(Life):
        fresh_url = staticmethod(url)

    run_machine(Machine, examples, steps)


def test_integrations_stand_where_the_model_says_on_sqlite(sqlite_template: Path) -> None:
    run(fresh_sqlite(sqlite_template), 6, 20)


def test_integrations_stand_where_the_model_says_on_postgresql(postgres_with_tables: str) -> None:
    run(fresh_postgresql(postgres_with_tables), 3, 15)
