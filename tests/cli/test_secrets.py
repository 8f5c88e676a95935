"""Secrets are planted wherever there is room for one, and searched for in everything that the hub gives out."""

import asyncio
import base64
import contextlib
import logging
import os
import subprocess
import traceback
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from hub_core import (
    CallbackRequest,
    Connection,
    Hub,
    IntegrationChange,
    OpenReceipt,
    Poll,
    Subscription,
    Window,
    money,
)
from hub_core.channels.dispatch import ask, read_records, stream
from hub_core.channels.hookspecs import SPECS
from hub_core.channels.redaction import Redactor
from hub_core.channels.registry import ChannelRegistry
from hub_core.cli.command import main
from hub_core.cli.demo import sandbox
from hub_core.domain.errors import HubError
from hub_core.domain.tokens import Scope
from hub_core.logs import _Structured
from hub_core.services.handles import Handles
from hub_core.settings import HubSettings
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.vault import Vault
from hub_core.testing.clock import VirtualClock
from hub_core.web import create_app
from tests.canaries import CANARIES, Search, spellings
from tests.hubs import NOW, hurry_sqlite
from tests.leakyshop.channel import ADDRESSES, HOW, WAYS
from tests.leakyshop.server import leaky_server

SEALS = ",".join((CANARIES["the key that seals"], CANARIES["the key before"]))
DATABASE = "postgresql+psycopg://hub:{0}@127.0.0.1:9/hub?sslpassword={0}".format(
    quote(CANARIES["the password of the database"], safe="")
)
APPLICATION = {
    "public_key": "mine",
    "private_key": CANARIES["the private key of the application"],
    "secret": CANARIES["the secret of the application"],
}
CREDENTIALS = {
    "token": CANARIES["the token of the store"],
    "password": CANARIES["the password of the store"],
    "refresh_token": CANARIES["the refresh token of the store"],
}
ANSWER = {"code": CANARIES["the code of the authorisation"], "state": CANARIES["the state of the authorisation"]}
TALKATIVE = ("", "httpx", "httpcore", "sqlalchemy.engine", "sqlalchemy.pool", "asyncio", "hub_core", "stamina")
POSTED = CallbackRequest(method="POST", headers={}, query=ANSWER, body=CANARIES["the token of another store"].encode())
WITHOUT_STORE = ("begin_authorization", "complete_authorization", "receive_callback")
STREAMS = ("fetch_orders", "fetch_listings", "push_stock", "push_prices", "push_fulfilments", "settle")
KINDS = {
    *("objects", "logs for people", "logs for machines", "errors", "tracebacks", "events", "runs and health"),
    *("rejects", "answers of the API", "problems of the API", "commands for people", "commands with --json"),
    *("failing commands", "exports", "the database", "the copy of the database", "children", "settings"),
}


@pytest.fixture
def search() -> Search:
    """Looks for what is planted, and for the tokens that are drawn on the way."""
    return Search(CANARIES)


@pytest.fixture
def shop_address() -> Iterator[str]:
    HOW.clear()
    with leaky_server() as address:
        ADDRESSES.append(address)
        yield address
    HOW.clear()


@pytest.fixture
def installed_leaky(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the leaky shop for commands, with all secrets in the environment that belong there."""
    points = installed / "hub_channels_for_tests-7.8.dist-info" / "entry_points.txt"
    points.write_text("[hub.channels]\nleakyshop = tests.leakyshop.channel\n")
    monkeypatch.setenv("HUB_CHANNELS", "leakyshop")
    monkeypatch.setenv("HUB_SECRET_KEYS", SEALS)
    monkeypatch.setenv("HUB_ALLOW_PRIVATE_NETWORK", "1")


@pytest.fixture
def logs(search: Search) -> Iterator[None]:
    """Listen to everything that anybody logs, down to DEBUG, in both forms of the hub's own log."""
    forms = {"logs for people": _Structured(as_json=False, colors=False)}
    forms["logs for machines"] = _Structured(as_json=True, colors=False)

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            for kind, form in forms.items():
                search.look(kind, form.format(record))

    handler, loggers = Listening(), [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    logging.getLogger().addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_there_are_enough_secrets_ways_and_kinds_of_output() -> None:
    assert len(CANARIES) == 19
    assert len(set(CANARIES.values())) == 19
    assert len(KINDS) == 18
    assert len(WAYS) == 20


@pytest.mark.parametrize("name", CANARIES)
@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_the_search_finds_a_secret_however_it_is_written(name: str, before: str) -> None:
    for way, written in [*spellings(CANARIES[name]), ("more", base64.b64encode((before + CANARIES[name]).encode()))]:
        search = Search(CANARIES)
        search.look("a test", written if isinstance(written, bytes) else f"{before}{written}!")
        assert search.found(), way


def registry() -> ChannelRegistry:
    return ChannelRegistry.load(allowed=("leakyshop",))


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[Hub]:
    """A hub on the database of the commands, connected to the leaky shop."""
    async with Hub.open(settings=HubSettings.load(), registry=registry(), clock=VirtualClock(NOW)) as hub:
        if not await hub.integrations.list():
            await hub.applications.set("leakyshop", APPLICATION)
            settings = {"address": address, "webhook": CANARIES["a secret among the settings"]}
            await hub.integrations.add("leakyshop", name="Leaky", settings=settings)
            await hub.integrations.authorize("Leaky", CREDENTIALS)
        yield hub


async def failures(search: Search, work: Any) -> None:
    """Wait for *work*, and look through whatever it raises, as it is and as Python prints it."""
    try:
        search.look("objects", await work)
    except HubError as error:
        search.look("errors", error, getattr(error, "fields", ""))
        search.look("tracebacks", "".join(traceback.format_exception(error)))


async def drained(hub: Hub, hook: str, arguments: dict[str, Any]) -> list[Any]:
    """Take all that a hook yields, and read it."""
    taken = []
    channel = hub.channels.channel("leakyshop")
    async with contextlib.aclosing(stream(channel, hook, deadline=5, **arguments)) as pages:  # type: ignore[call-overload]
        async for page in pages:
            if hook == "fetch_orders":
                taken += [told for _, told in read_records("leakyshop", page, page.records)]
            elif hook != "fetch_listings":
                taken += page
    return taken


async def used(hub: Hub, hook: str, arguments: dict[str, Any]) -> Any:
    """Use a hook as the hub does."""
    if hook in STREAMS:
        return await drained(hub, hook, arguments)
    return await ask(hub.channels.channel("leakyshop"), hook, deadline=5, **arguments)  # type: ignore[call-overload]


async def each_hook_fails_in_each_way(hub: Hub, search: Search) -> None:
    """Call every hook of the contract as the hub does."""
    channel = hub.channels.channel("leakyshop")
    row = hub.parts.database.read_now(lambda connection: IntegrationRepository(connection).named("Leaky"))
    assert row is not None
    window = Window(start=None, end=None)
    given: dict[str, Any] = {
        "begin_authorization": {"return_url": "https://hub.example", "state": ANSWER["state"]},
        "complete_authorization": {"answer": ANSWER},
        "receive_callback": {"request": POSTED},
        "fetch_orders": {"poll": Poll.NEW, "window": window, "cursor": None},
        "fetch_order": {"external_id": "1"},
        "count_orders": {"poll": Poll.NEW, "window": window},
        "fetch_listings": {"cursor": None},
        "push_stock": {"changes": []},
        "push_prices": {"changes": []},
        "push_fulfilments": {"fulfilments": []},
        "settle": {"receipts": [OpenReceipt("a", None)]},
        "subscribe_webhooks": {"address": f"https://hub.example/{ANSWER['state']}", "secret": ANSWER["state"]},
        "unsubscribe_webhooks": {"subscription": Subscription({"number": 1})},
        "receive_webhook": {"request": POSTED, "secret": ANSWER["state"]},
        "integration_changed": {"change": IntegrationChange.ENABLED, "flow": None},
    }
    tried = set(channel.hooks) - {"describe_channel"}
    assert {"describe_channel", *tried} == {name for specs in SPECS for name in vars(specs) if not name.startswith("_")}
    async with Handles(hub.parts).store(channel, row) as store:
        search.look("objects", store, store.http, store.credentials, store.settings, store.application)
        connection = Connection(http=store.http, settings=store.settings, application=store.application)
        for hook in sorted(tried):
            way_in = {"connection": connection} if hook in WITHOUT_STORE else {"store": store}
            arguments = {**way_in, **given.get(hook, {})}
            for way in ("works", *WAYS):
                HOW[hook] = way
                await failures(search, used(hub, hook, arguments))
            del HOW[hook]


async def everything_is_done(hub: Hub, search: Search) -> None:
    """Do what people do with a hub, while the shop does its worst."""
    for way in ("value", "from another", "exit", "400", "html", "closed", "note"):
        for hook in ("check_store", "begin_authorization", "count_orders", "integration_changed"):
            HOW[hook] = way
        await failures(search, hub.integrations.verify("Leaky"))
        await failures(search, hub.integrations.begin_authorization("Leaky"))
        await failures(search, hub.integrations.disable("Leaky"))
        await failures(search, hub.integrations.enable("Leaky"))
        HOW.clear()
        for kind, hook in (("orders", "fetch_orders"), ("listings", "fetch_listings"), ("orders", "count_orders")):
            HOW[hook] = way
            await failures(search, hub.sync("Leaky", kind))
            HOW.clear()
    for reading in ("value", "rejected", ""):
        HOW["read"] = reading
        await failures(search, hub.sync("Leaky", "orders"))
        await failures(search, hub.sync("Leaky", "listings"))
    HOW["orders"] = "cut"
    await failures(search, hub.sync("Leaky", "orders"))
    HOW.clear()
    await failures(search, hub.sync("Leaky", "orders"))
    for refused, price in (("now", "1.10"), ("later", "1.20")):
        HOW["refuse"] = refused
        await hub.stock.set({"SKU": 0})
        await hub.prices.set([("SKU", money(Decimal(price), "USD"))])
        await failures(search, hub.sync("Leaky", "stock"))
        await failures(search, hub.sync("Leaky", "prices"))
    (listing,) = [one async for one in hub.listings.find()]
    assert listing.stock is not None
    assert listing.prices is not None
    assert "***" in listing.stock.reason
    assert "***" in listing.prices.reason
    search.look("objects", listing)
    HOW.clear()


async def wrong_things_are_given(hub: Hub, search: Search) -> None:
    other = CANARIES["the token of another store"]
    for answer in ({"token": other}, {**CREDENTIALS, "token": [other]}, {**CREDENTIALS, "token": other}):
        await failures(search, hub.integrations.authorize("Leaky", answer))
    await failures(search, hub.applications.set("leakyshop", {"private_key": APPLICATION["private_key"], "x": "y"}))
    HOW["check_store"] = "refused"
    await failures(search, hub.integrations.authorize("Leaky", {**CREDENTIALS, "password": other}))
    HOW.clear()
    password = CANARIES["the password of the database"]
    wrong = (f"postgresql+psycopg://hub:{password}@host:{password}/hub", password, f"sqlite:{password}", DATABASE)
    for address in wrong:
        async with contextlib.AsyncExitStack() as stack:
            await failures(search, stack.enter_async_context(Hub.open(address, registry=registry())))


async def the_hub_is_looked_at(hub: Hub, search: Search) -> None:
    parts = hub.parts
    search.look("objects", hub, parts, parts.vault, parts.database, parts.database.engine, parts.database.engine.url)
    search.look("objects", hub.settings, Redactor(CANARIES.values()), Vault(SEALS.split(",")), *vars(hub).values())
    async with httpx.AsyncClient() as client:
        search.look("objects", client)
    search.look("events", *[one.model_dump_json() for one in await hub.events.after(limit=10_000)])
    search.look("runs and health", *[one.model_dump_json() for one in await hub.runs.page(limit=200)])
    search.look("runs and health", *[one.model_dump_json() for one in await hub.integrations.list()])
    search.look("objects", [order async for order in hub.orders.find()], *await hub.events.after(limit=10_000))


async def the_api_is_asked(hub: Hub, search: Search) -> None:
    new = await hub.tokens.create("of a test", Scope.ADMIN)
    search.add("the token of the API", new.token)
    search.look("objects", new, await hub.tokens.list())
    transport = httpx.ASGITransport(app=create_app(hub), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {new.token}"}
    base = "http://hub.test/api/v1"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as api:
        listed = ("/channels", "/integrations", "/orders", "/events?limit=200", "/rejects", "/reports/sales", "/syncs")
        others = ("/openapi.json", "/channels/leakyshop/application", "/integrations/1", "/orders/1", "/rejects/1")
        for path in (*listed, *others, "/orders/1/history", "/integrations/1/removal"):
            answer = await api.get(path)
            assert answer.status_code == 200, path
            search.look("answers of the API", answer.text, str(answer.headers))
        assert (await api.put("/channels/leakyshop/application", json=APPLICATION)).status_code == 204
        for request in problems():
            answer = await api.request(**request)
            assert answer.status_code >= 200
            search.look("problems of the API", answer.text, str(answer.headers))
    wrong = {"Authorization": f"Bearer {CANARIES['a wrong bearer token']}"}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=wrong) as stranger:
        search.look("problems of the API", (await stranger.get("/orders")).text)


def problems() -> Iterator[dict[str, Any]]:
    """Requests that end badly, while every hook does its worst."""
    other = CANARIES["the token of another store"]
    for way in ("value", "from another", "400", "exit"):
        HOW.update(dict.fromkeys(("check_store", "begin_authorization", "fetch_orders", "integration_changed"), way))
        yield {"method": "POST", "url": "/integrations/1/verification"}
        yield {"method": "POST", "url": "/integrations/1/authorization"}
        yield {"method": "PUT", "url": "/integrations/1/authorization", "json": CREDENTIALS}
        yield {"method": "PATCH", "url": "/integrations/1", "json": {"settings": {"address": "http://127.0.0.1:9"}}}
    HOW.clear()
    yield {"method": "PUT", "url": "/integrations/1/authorization", "json": {**CREDENTIALS, "token": other}}
    yield {"method": "PUT", "url": "/integrations/1/authorization", "json": {"token": {"a": other}}}
    yield {"method": "PUT", "url": "/channels/leakyshop/application", "json": {"private_key": [other]}}
    yield {"method": "PUT", "url": "/channels/leakyshop/application", "content": f'{{"private_key": "{other}"'}
    yield {"method": "POST", "url": "/integrations", "json": {"channel": "leakyshop", "name": "N", "settings": {}}}


def commands_are_run(search: Search, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def run(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    for words in (
        *(("channels",), ("integrations",), ("integrations", "show", "Leaky"), ("orders",), ("orders", "show", 1)),
        *(
            ("rejects",),
            ("runs",),
            ("events",),
            ("report",),
            ("stock",),
            ("prices",),
            ("listings",),
            ("tokens", "list"),
        ),
        *(("keys", "rotate"), ("settings",), ("database", "check")),
    ):
        for kind, more in (("commands for people", ()), ("commands with --json", ("--json",))):
            code, told = run(*words, *more)
            assert code == 0, (words, told)
            search.look("settings" if words == ("settings",) else kind, told)
    for ending in ("csv", "jsonl", "parquet"):
        assert run("orders", "export", tmp_path / f"orders.{ending}")[0] == 0
        search.look("exports", tmp_path / f"orders.{ending}")
    assert run("database", "backup", tmp_path / "copy.db")[0] == 0
    search.look("the copy of the database", tmp_path / "copy.db")
    for way in ("value", "400"):
        HOW.update(dict.fromkeys(("check_store", "fetch_orders", "count_orders"), way))
        for words in (("integrations", "verify", "Leaky"), ("sync", "Leaky", "--orders")):
            search.look("failing commands", run(*words)[1], run(*words, "--json")[1])
    HOW.clear()


def children_are_started(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    """See with which arguments and in which environment the hub starts other programs."""
    started: list[tuple[Any, Any]] = []

    def start(arguments: Any, **options: Any) -> None:
        started.append((arguments, options.get("env", dict(os.environ))))
        raise OSError

    monkeypatch.setenv("HUB_DATABASE_URL", DATABASE)
    monkeypatch.setattr(subprocess, "Popen", start)
    with contextlib.suppress(OSError), sandbox.sandbox():
        pass
    assert started
    search.look("children", started)


async def _scenario(address: str, search: Search) -> None:
    async with opened(address) as hub:
        await each_hook_fails_in_each_way(hub, search)
        await everything_is_done(hub, search)
        await wrong_things_are_given(hub, search)
        await the_hub_is_looked_at(hub, search)
        await the_api_is_asked(hub, search)
        rejects = await hub.rejects.page()
        search.look("rejects", *[one.model_dump_json() for one in rejects], rejects)


def test_no_secret_comes_out_anywhere(
    *,
    shop_address: str,
    installed_leaky: None,
    search: Search,
    logs: None,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurry_sqlite(monkeypatch)
    asyncio.run(_scenario(shop_address, search))
    commands_are_run(search, capsys, tmp_path)
    search.look("the database", *(tmp_path / "home").iterdir())
    monkeypatch.setenv("HUB_DATABASE_URL", DATABASE)
    for words in (["settings"], ["settings", "--json"], ["integrations"]):
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(words)
        search.look("settings", *capsys.readouterr())
    children_are_started(search, monkeypatch)
    assert search.found() == []
    assert set(search.texts) == KINDS
    assert all(map(any, search.texts.values()))
