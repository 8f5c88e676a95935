"""What the tests of the API share: a hub with the toy shop, and callers with tokens."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import httpx
import pytest

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Integration
from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from hub_core.testing.clock import VirtualClock
from hub_core.web import create_app
from tests import hubs
from tests.hubs import NOW
from tests.toyshop.shop import Shop, open_shop

HOUR = timedelta(hours=1)
BROKEN = EntryPoint(name="broken", value="tests.toyshop.missing", group="hub.channels")
TOYSHOP = EntryPoint(name="toyshop", value="tests.toyshop.channel", group="hub.channels")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and nothing in them, made once."""
    path = tmp_path_factory.mktemp("empty") / "hub.db"
    hubs.make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def registry() -> ChannelRegistry:
    return hubs.toyshop_registry()


@pytest.fixture
async def hub(
    tmp_path: Path, empty_database: Path, registry: ChannelRegistry, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Hub]:
    hubs.hurry_sqlite(monkeypatch)
    path = tmp_path / "hub.db"
    shutil.copyfile(empty_database, path)
    clock = VirtualClock(NOW)
    async with Hub.open(f"sqlite:///{path}", settings=hubs.settings(), registry=registry, clock=clock) as opened:
        yield opened


@asynccontextmanager
async def caller(hub: Hub, scope: Scope | None) -> AsyncIterator[httpx.AsyncClient]:
    """Call the API of *hub* with a token of *scope*, or without one."""
    headers = {}
    if scope is not None:
        token = await hub.tokens.create(f"{scope} of a test", scope)
        headers["Authorization"] = f"Bearer {token.token}"
    transport = httpx.ASGITransport(app=create_app(hub))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test/api/v1", headers=headers) as client:
        yield client


@pytest.fixture
async def api(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """The API for one who may do everything."""
    async with caller(hub, Scope.ADMIN) as client:
        yield client


@pytest.fixture
async def anyone(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """The API for one without a token."""
    async with caller(hub, None) as client:
        yield client


@pytest.fixture
def shop() -> Shop:
    """A toy shop that holds nothing yet."""
    return open_shop("marlow")


@pytest.fixture
async def connected(hub: Hub, shop: Shop) -> Integration:
    """An integration that is connected to the shop."""
    added = await hub.integrations.add("toyshop", name="Marlow", settings={"shop": shop.name})
    return await hub.integrations.authorize(added.id, {"password": shop.password})


@pytest.fixture
async def stocked(hub: Hub, shop: Shop, connected: Integration) -> Integration:
    """An integration that has taken in five orders, two of them placed in the same second."""
    for number, hours in enumerate([5, 4, 3, 3, 1], start=1):
        shop.put(str(number), NOW - hours * HOUR, number=f"N-{number}")
    run = await hub.sync(connected.id)
    assert run.state == "succeeded"
    return connected
