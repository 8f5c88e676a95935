"""The life of integrations once more, over HTTP: the API and its callbacks, 3DCart's plugin, and its sandbox."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.tokens import Scope
from hub_core.settings import HubSettings
from hub_core.storage.tables import integrations, stock_movements
from hub_core.testing.store.serving import serve
from hub_core.web import create_app
from hub_threedcart.sandbox import Sandbox
from hub_threedcart.sandbox.shop import ThreeDCartShop
from tests.hubs import rows
from tests.machines import run_machine
from tests.services.life_model import CONNECTED, REFUSED, LifeModel, ModelIntegration, ModelStore

T = TypeVar("T")
REGISTRY = ChannelRegistry.load([EntryPoint("threedcart", "hub_threedcart.channel", "hub.channels")])
SHOPS = ("demo-store", "demo-store-2")
STORES = st.sampled_from(SHOPS)
SPELLINGS = st.sampled_from(["https://{}", "HTTP://WWW.{}/", "{}"])
NAMES = st.sampled_from(["One", " one", "Two", "Three"])
PICK = st.integers(0, 3)
SIGNED_IN = 0
"""Who has signed in holds a token that stays the same, as long as the app is not removed."""


class Life(RuleBasedStateMachine):
    """Two stores of the sandbox, the hub's API, and a merchant who does this and that."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(self.template, self.folder / "hub.db")
        self.patch = pytest.MonkeyPatch()
        self.server = AsyncExitStack()
        self.stack = AsyncExitStack()
        self.model = LifeModel()
        self.names = (f"Further {number}" for number in itertools.count(1))
        self.placed: dict[tuple[str, int], int] = {}
        self.token = ""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(there=st.sampled_from([SHOPS[:1], SHOPS, ()]))
    def begin(self, there: tuple[str, ...]) -> None:
        self.sandbox = Sandbox(stores=2, products=1, rate=False)
        root = self.server.enter_context(serve(self.sandbox))
        self.patch.setenv("THREEDCART_API_URL", f"{root}/3dCartWebAPI")
        self.patch.setenv("THREEDCART_OAUTH_URL", f"{root}/oauth")
        self.patch.setenv("THREEDCART_RATE", "0")
        self.do(self._open())
        keys = {"public_key": self.sandbox.shop.public_key, "private_key": self.sandbox.shop.private_key}
        self.do(self.hub.applications.set("threedcart", keys))
        self.address = urlsplit(self.do(self.hub.applications.callback_url("threedcart")) or "").path
        for store in SHOPS:
            self.model.stores[store] = ModelStore()
        for store in there:
            self.add(next(self.names), store, "{}")
            self.authorize(0)

    async def _open(self) -> None:
        key = SecretStr("a-key-for-tests-of-more-than-32-characters")
        opening = Hub.open(
            f"sqlite:///{self.folder / 'hub.db'}",
            settings=HubSettings(secret_keys=key, allow_private_network=True),
            registry=REGISTRY,
        )
        self.hub = await self.stack.enter_async_context(opening)
        self.token = self.token or (await self.hub.tokens.create("Test", Scope.ADMIN)).token
        transport, headers = httpx.ASGITransport(create_app(self.hub)), {"Authorization": f"Bearer {self.token}"}
        client = httpx.AsyncClient(transport=transport, base_url="http://hub.test/api/v1", headers=headers)
        self.client = await self.stack.enter_async_context(client)

    async def _close(self) -> None:
        await self.stack.aclose()
        self.stack = AsyncExitStack()

    def one(self, pick: int) -> ModelIntegration:
        """One of the last that there are, or were."""
        there = list(self.model.all.values())[-4:]
        return there[-1 - pick % len(there)]

    def shop(self, one: ModelIntegration) -> ThreeDCartShop:
        return self.sandbox.shops[one.store]

    def fits(self, one: ModelIntegration) -> bool:
        """Tell whether its store lets it in."""
        return self.shop(one).authorized and one.holds in (SIGNED_IN, self._number(self.shop(one)))

    @staticmethod
    def _number(shop: ThreeDCartShop) -> int:
        return int(shop.token, 16)

    def ask(self, method: str, path: str, status: int, **content: Any) -> Any:
        """Call the API; what is refused changes nothing and says why."""
        before = rows(self.hub, integrations)
        answer = self.do(self.client.request(method, path, **content))
        assert answer.status_code == status, answer.text
        if status >= httpx.codes.BAD_REQUEST:
            assert rows(self.hub, integrations) == before
            assert answer.json()["detail"]
        return answer.json() if answer.content else None

    # What people do.

    @rule(name=NAMES, store=STORES, spelling=SPELLINGS)
    def add(self, name: str, store: str, spelling: str) -> None:
        address = spelling.format(f"{store}.3dcartstores.example")
        given = {"store_url": address, "timezone": "America/New_York"}
        new = {"channel": "threedcart", "name": name, "settings": given}
        if self.model.may_add(name, store):
            self.model.add(self.ask("POST", "/integrations", 201, json=new)["id"], name, store)
        else:
            self.ask("POST", "/integrations", 409, json=new)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK)
    def authorize(self, pick: int) -> None:
        one, shop = self.one(pick), self.shop(self.one(pick))
        allowed = self.model.may_connect(one)
        status = 200 if allowed and shop.authorized else 422 if allowed else 409
        self.ask("PUT", f"/integrations/{one.id}/authorization", status, json={"token": shop.token})
        if status == httpx.codes.OK:
            self.model.connect(one, self._number(shop))

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, token=st.sampled_from(["0" * 32, "of another store", "too short"]))
    def authorize_wrongly(self, pick: int, token: str) -> None:
        one = self.one(pick)
        other = next(shop for shop in self.sandbox.shops.values() if shop.name != one.store)
        token = other.token if token == "of another store" else token
        status = 409 if one.removed or (len(token) == len(other.token) and not self.model.may_connect(one)) else 422
        self.ask("PUT", f"/integrations/{one.id}/authorization", status, json={"token": token})

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK)
    def verify(self, pick: int) -> None:
        one = self.one(pick)
        told = self.ask("POST", f"/integrations/{one.id}/verification", 409 if one.removed else 200)
        if not one.removed:
            assert told["ok"] is (one.was_connected and self.fits(one)), told
            if told["ok"]:
                self.model.resume(one)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, on=st.booleans(), flow=st.sampled_from([None, "orders", "stock"]))
    def switch(self, pick: int, on: bool, flow: str | None) -> None:
        one = self.one(pick)
        change = {"enabled": on} if flow is None else {"flows": {flow: {"enabled": on}}}
        self.ask("PATCH", f"/integrations/{one.id}", 409 if one.removed else 200, json=change)
        if not one.removed and flow is None:
            self.model.switch(one, on=on)
        elif not one.removed and flow is not None:
            self.model.switch_flow(one, flow, on=on)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, anew=st.booleans())
    def remove(self, pick: int, anew: bool) -> None:
        one = self.one(pick)
        if one.removed:
            self.ask("DELETE", f"/integrations/{one.id}", 409)
            return
        self.ask("GET", f"/integrations/{one.id}/removal", 200)
        self.ask("DELETE", f"/integrations/{one.id}", 204)
        self.model.remove(one)
        if anew and self.model.holder(one.store) is None:
            self.order(one.store, 2, cancel=False)
            self.add(next(self.names), one.store, "{}")
            self.authorize(0)
            self.sync(0)

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK, consents=st.booleans(), again=st.booleans())
    def sign_in(self, pick: int, consents: bool, again: bool) -> None:
        """Somebody goes to the platform and comes back, perhaps twice with the same state."""
        one = self.one(pick)
        if one.removed:
            self.ask("POST", f"/integrations/{one.id}/authorization", 409)
            return
        started = self.ask("POST", f"/integrations/{one.id}/authorization", 200)
        self.shop(one).consents = consents
        back = urlsplit(self.do(self._sent_to(started["url"])))
        status = (200 if self.model.may_connect(one) else 409) if consents else 422
        self._come_back(back.query, status)
        if status == httpx.codes.OK:
            self.model.connect(one, SIGNED_IN)
        if again:
            self._come_back(back.query, 422)

    async def _sent_to(self, url: str) -> str:
        async with httpx.AsyncClient() as browser:
            return str((await browser.get(url)).headers["location"])

    def _come_back(self, query: str, status: int) -> None:
        before = rows(self.hub, integrations)
        answer = self.do(self.client.get(f"http://hub.test/authorizations/threedcart?{query}"))
        assert answer.status_code == status, answer.text
        assert status == httpx.codes.OK or rows(self.hub, integrations) == before

    # What the platform posts, and others in its name.

    @rule(store=STORES, told=st.booleans())
    def throw_out(self, store: str, told: bool) -> None:
        """The owner removes the app; what is posted then may get lost."""
        shop, one = self.sandbox.shops[store], self.model.holder(store)
        shop.authorized = False
        if told:
            self._post(shop, "REMOVE")
            if one is not None and one.connection == CONNECTED:
                self.model.lock_out(one)

    @rule(store=STORES, told=st.booleans())
    def let_in(self, store: str, told: bool) -> None:
        """The owner adds the app (anew); what is posted then may get lost."""
        shop, one = self.sandbox.shops[store], self.model.takes(store)
        if not shop.authorized:
            shop.token = f"{shop.dice.getrandbits(128):032x}"
        shop.authorized = True
        if told:
            works = one is not None and one.connection == CONNECTED and one.holds == self._number(shop)
            self._post(shop, "AUTHORIZE")
            if one is not None and not works:
                self.model.connect(one, self._number(shop))

    @rule(
        store=STORES, action=st.sampled_from(["AUTHORIZE", "REMOVE"]), member=st.sampled_from(["PublicKey", "TokenKey"])
    )
    def forge(self, store: str, action: str, member: str) -> None:
        shop, one = self.sandbox.shops[store], self.model.holder(store)
        if one is None or one.connection == REFUSED or self.fits(one):
            before = rows(self.hub, integrations)
            self._post(shop, action, **{member: "0" * 32})
            assert rows(self.hub, integrations) == before

    def _post(self, shop: ThreeDCartShop, action: str, **members: str) -> None:
        told = {"PublicKey": shop.public_key, "TimeStamp": shop.clock.wall().strftime("%m-%d-%Y %H:%M:%S")}
        told |= {"TokenKey": shop.token, "Action": action, "SecureURL": shop.address, **members}
        assert self.do(self.client.post(f"http://hub.test{self.address}", json=told)).status_code == httpx.codes.OK
        wrong = self.do(self.client.post("http://hub.test/callbacks/threedcart/forged", json=told))
        assert wrong.status_code == httpx.codes.NOT_FOUND

    # What happens in the stores, and what the hub does.

    @rule(store=STORES, quantity=st.integers(1, 3), cancel=st.booleans())
    def order(self, store: str, quantity: int, cancel: bool) -> None:
        """Something is ordered, or the last order is cancelled."""
        mine = [number for name, number in self.placed if name == store]
        if cancel and mine:
            self.sandbox.edit(mine[-1], store, status="cancelled")
            self.placed[store, mine[-1]] = 0
        else:
            line = {"sku": f"{store}-{len(mine)}", "quantity": quantity}
            number = self.sandbox.place(store, lines=[line])
            self.placed[store, number] = quantity

    @precondition(lambda self: self.model.all)
    @rule(pick=PICK)
    def sync(self, pick: int) -> None:
        one = self.one(pick)
        asked = len(self.shop(one).meter.log)
        if one.works and "orders" not in one.off:
            run, fits = self.do(self.hub.sync(one.id)), self.fits(one)
            assert (run.state == "succeeded") is fits, run
            if fits:
                self._see(one)
            else:
                self.model.lock_out(one)
        else:
            self.ask("POST", f"/integrations/{one.id}/syncs", 409, json={"kinds": ["orders"]})
            assert len(self.shop(one).meter.log) == asked

    def _see(self, one: ModelIntegration) -> None:
        store = self.model.stores[one.store]
        for (name, number), quantity in self.placed.items():
            if name == one.store:
                store.see(str(number), Decimal(quantity))
        store.is_read = True

    @rule()
    def restart(self) -> None:
        self.do(self._close())
        self.do(self._open())

    # What holds at all times.

    @precondition(lambda self: hasattr(self, "hub"))
    @invariant()
    def each_stands_where_the_model_says(self) -> None:
        present = self.ask("GET", "/integrations", 200)["items"]
        gone = self.ask("GET", "/integrations?removed=true", 200)["items"]
        assert [one["id"] for one in present] == [one.id for one in self.model.present]
        assert {one["id"] for one in (*present, *gone)} == self.model.all.keys()
        for shown in (*present, *gone):
            one = self.model.all[shown["id"]]
            assert (shown["name"], shown["enabled"], shown["connection"]) == (one.name, one.enabled, one.connection)
            assert {flow for flow, status in shown["flows"].items() if not status["enabled"]} == one.off
            assert shown["health"]["sentence"]
            assert one.code in (None, shown["health"]["code"])
        stores = [one["store"]["key"] for one in present if one["store"] is not None]
        assert len(stores) == len(set(stores))
        for row in rows(self.hub, integrations):
            one = self.model.all[row["id"]]
            assert (row["credentials"] is not None) is (one.was_connected and not one.removed)

    @precondition(lambda self: hasattr(self, "hub"))
    @invariant()
    def events_and_stock_are_right(self) -> None:
        events = self.do(self.hub.events.after(limit=10_000))
        assert [each.id for each in events] == list(range(1, len(events) + 1))
        told = [(each.type, each.integration_id) for each in events if each.type.startswith("integration.")]
        assert told == self.model.told
        taken = sum(
            (order.taken for store in self.model.stores.values() for order in store.orders.values()), Decimal(0)
        )
        assert -sum((row["units"] for row in rows(self.hub, stock_movements)), Decimal(0)) == taken

    def teardown(self) -> None:
        self.do(self._close())
        self.do(self.server.aclose())
        self.runner.close()
        self.patch.undo()
        shutil.rmtree(self.folder)


def test_integrations_stand_where_the_model_says_over_http(empty_database: Path) -> None:
    class Machine(Life):
        template = empty_database

    run_machine(Machine, 2, 12)
