"""The three ways into a 3DCart store: a token, a sign-in, and what the portal posts; all over loopback HTTP."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import ConflictError
from hub_core.domain.integrations import Integration
from hub_core.settings import HubSettings
from hub_core.storage.tables import integrations
from hub_core.testing.store.serving import serve
from hub_core.web import create_app
from hub_threedcart.sandbox import Sandbox
from tests import hubs

ENTRY = EntryPoint("threedcart", "hub_threedcart.channel", "hub.channels")


class Portal:
    """The hub and a sandbox of two stores, each at an address of its own, and what people do there."""

    def __init__(self, hub: Hub, sandbox: Sandbox, hub_root: str, store_root: str) -> None:
        self.hub = hub
        self.sandbox = sandbox
        self._hub_root = hub_root
        self._store_root = store_root

    async def add(self, name: str = "Demo", store: str = "demo-store", **given: Any) -> Integration:
        settings = {"store_url": self.sandbox.shops[store].address, "timezone": "America/New_York", **given}
        return await self.hub.integrations.add("threedcart", name=name, settings=settings)

    async def state(self, integration: Integration) -> str:
        return (await self.hub.integrations.get(integration.id)).connection

    async def sign_in(self, integration: Integration) -> httpx.Response:
        """Go where the hub sends the merchant, and then where 3DCart sends him."""
        start = await self.hub.integrations.begin_authorization(integration.id)
        assert start.method == "redirect"
        async with httpx.AsyncClient() as browser:
            sent = await browser.get(start.url or "")
            back = urlsplit(sent.headers["location"])
            assert f"{back.scheme}://{back.netloc}{back.path}" == start.return_url
            return await browser.get(f"{self._hub_root}{back.path}?{back.query}")

    async def post(self, action: str, **members: Any) -> dict[str, Any]:
        """Let the first store add or remove the app; 3DCart posts it."""
        path = urlsplit(await self.hub.applications.callback_url("threedcart") or "").path
        told = {"action": action, "url": self._hub_root + path, **members}
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(f"{self._store_root}/_sandbox/callbacks", json=told)
        return dict(answer.json())


@pytest.fixture
async def portal(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Portal]:
    hubs.hurry_sqlite(monkeypatch)
    shutil.copyfile(empty_database, tmp_path / "hub.db")
    sandbox = Sandbox(orders=3, stores=2, rate=False)
    settings = HubSettings(
        secret_keys=SecretStr("a-key-for-tests-of-more-than-32-characters"), allow_private_network=True
    )
    with serve(sandbox) as store_root:
        monkeypatch.setenv("THREEDCART_API_URL", f"{store_root}/3dCartWebAPI")
        monkeypatch.setenv("THREEDCART_OAUTH_URL", f"{store_root}/oauth")
        monkeypatch.setenv("THREEDCART_RATE", "0")
        registry = ChannelRegistry.load([ENTRY])
        async with Hub.open(f"sqlite:///{tmp_path / 'hub.db'}", settings=settings, registry=registry) as hub:
            keys = {"public_key": sandbox.shop.public_key, "private_key": sandbox.shop.private_key}
            await hub.applications.set("threedcart", keys)
            with serve(create_app(hub)) as hub_root:
                yield Portal(hub, sandbox, hub_root, store_root)


async def test_a_token_that_was_pasted(portal: Portal) -> None:
    added = await portal.add()
    connected = await portal.hub.integrations.authorize(added.id, {"token": portal.sandbox.shop.token})
    assert (connected.connection, connected.store and connected.store.name) == ("connected", "Demo Store")


async def test_a_sign_in_at_the_platform(portal: Portal) -> None:
    added = await portal.add()
    page = await portal.sign_in(added)
    assert (page.status_code, "is connected" in page.text) == (200, True)
    assert await portal.state(added) == "connected"
    assert (await portal.hub.sync(added.id)).state == "succeeded"


async def test_a_merchant_who_says_no_changes_nothing(portal: Portal) -> None:
    added = await portal.add()
    portal.sandbox.shop.consents = False
    page = await portal.sign_in(added)
    assert (page.status_code, "The merchant said no" in page.text) == (422, True)
    assert await portal.state(added) == "awaiting_authorization"


async def test_an_app_that_is_added_in_the_store_completes_what_waits_for_it(portal: Portal) -> None:
    other, added = await portal.add("Other", "demo-store-2"), await portal.add()
    assert (await portal.post("AUTHORIZE"))["status"] == 200
    assert [await portal.state(one) for one in (other, added)] == ["awaiting_authorization", "connected"]
    assert (await portal.hub.sync(added.id)).state == "succeeded"


async def test_an_app_that_is_removed_and_added_anew_stops_it_and_lets_it_go_on_with_the_new_token(
    portal: Portal,
) -> None:
    added = await portal.add()
    await portal.post("AUTHORIZE")
    old = portal.sandbox.shop.token
    assert (await portal.post("REMOVE"))["status"] == 200
    assert await portal.state(added) == "needs_reauthorization"
    assert (await portal.post("AUTHORIZE"))["status"] == 200
    assert portal.sandbox.shop.token != old
    assert await portal.state(added) == "connected"
    assert (await portal.hub.sync(added.id)).state == "succeeded"


@pytest.mark.parametrize(
    "members",
    [
        {"PublicKey": "0" * 32},
        {"TokenKey": "0" * 32},
        {"SecureURL": "https://nobody.example"},
        {"SecureURL": "https://demo-store-2.3dcartstores.example"},
        {"body": "{"},
        {"body": "[]"},
        {"body": "{" + " " * 63_000 + "}"},
    ],
)
@pytest.mark.parametrize("action", ["AUTHORIZE", "REMOVE"])
async def test_what_is_forged_changes_nothing_and_is_answered_as_the_platform_needs_it(
    portal: Portal, action: str, members: dict[str, str]
) -> None:
    added, waits = await portal.add(), await portal.add("Other", "demo-store-2")
    await portal.hub.integrations.authorize(added.id, {"token": portal.sandbox.shop.token})
    before = hubs.rows(portal.hub, integrations)
    assert (await portal.post(action, **members))["status"] == 200
    assert hubs.rows(portal.hub, integrations) == before
    assert await portal.state(waits) == "awaiting_authorization"


async def test_while_the_platform_does_not_answer_the_merchant_is_told_to_try_again(portal: Portal) -> None:
    added = await portal.add()
    fault = portal.sandbox.break_down("status", status=503, path="*/3dCartWebAPI/*", count=None, method="GET")
    assert (await portal.post("AUTHORIZE"))["status"] == 503
    assert await portal.state(added) == "awaiting_authorization"
    portal.sandbox.api.faults.remove(fault.id)
    assert (await portal.post("AUTHORIZE"))["status"] == 200
    assert await portal.state(added) == "connected"


@pytest.mark.parametrize(
    "address",
    [
        "demo-store.3dcartstores.example",
        "HTTPS://Demo-Store.3dcartstores.EXAMPLE/",
        "https://www.demo-store.3dcartstores.example",
        "http://demo-store.3dcartstores.example:80",
        "https://demo-store.3dcartstores.example.:443/",
    ],
)
async def test_however_it_is_written_a_store_is_connected_once(portal: Portal, address: str) -> None:
    first, second = await portal.add(), await portal.add("Second", store_url=address)
    token = {"token": portal.sandbox.shop.token}
    await portal.hub.integrations.authorize(first.id, token)
    with pytest.raises(ConflictError, match="The store 'Demo Store' is connected already, as 'Demo'"):
        await portal.hub.integrations.authorize(second.id, token)


async def test_of_two_who_are_let_in_at_once_one_gets_the_store(portal: Portal) -> None:
    both = [await portal.add(), await portal.add("Second")]
    token = {"token": portal.sandbox.shop.token}
    ended = await asyncio.gather(
        *(portal.hub.integrations.authorize(one.id, token) for one in both), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in ended) == ["ConflictError", "Integration"]


async def test_a_store_that_moved_is_the_same_where_a_person_says_so(portal: Portal) -> None:
    added = await portal.add()
    await portal.hub.integrations.authorize(added.id, {"token": portal.sandbox.shop.token})
    portal.sandbox.shop.address = "https://shop.example.com"
    moved = {"store_url": "https://shop.example.com"}
    with pytest.raises(ConflictError, match=r"belong to the store 'Demo Store \(shop.example.com\)', but 'Demo'"):
        await portal.hub.integrations.change(added.id, settings=moved)
    changed = await portal.hub.integrations.change(added.id, settings=moved, same_store=True)
    assert changed.store is not None
    assert (changed.store.key, changed.connection) == ("shop.example.com", "connected")
    assert (await portal.hub.sync(added.id)).state == "succeeded"
    (event,) = await hubs.told(portal.hub, "integration.moved")
    assert (event["from"], event["to"]) == ("demo-store.3dcartstores.example", "shop.example.com")


async def test_a_store_that_is_another_s_is_not_taken_over_by_saying_that_it_moved(portal: Portal) -> None:
    one, two = await portal.add(), await portal.add("Other", "demo-store-2")
    for integration, shop in ((one, portal.sandbox.shop), (two, portal.sandbox.shops["demo-store-2"])):
        await portal.hub.integrations.authorize(integration.id, {"access_token": shop.bearer})
    before = hubs.rows(portal.hub, integrations)
    with pytest.raises(ConflictError, match="is connected already, as 'Other'"):
        await portal.hub.integrations.change(
            one.id, settings={"store_url": portal.sandbox.shops["demo-store-2"].address}, same_store=True
        )
    assert hubs.rows(portal.hub, integrations) == before
