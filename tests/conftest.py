"""Databases and hubs for the tests: each test gets an empty one of its own."""

import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, empty_tables, hurry_sqlite, make_tables, settings, toyshop_registry
from tests.postgres import CannotStartError, PostgresServer


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Take back what a program that was run within the test has made of the log: its stream is closed after it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests of a process; where none can be started, the test is skipped and says why."""
    try:
        server = PostgresServer()
    except CannotStartError as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


@pytest.fixture
def postgresql_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite database whose file does not exist yet."""
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs the test on an empty SQLite database and on an empty PostgreSQL one."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the hub's tables, to be copied."""
    file = tmp_path_factory.mktemp("template") / "hub.db"
    make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: PostgresServer) -> str:
    """A database with the hub's tables; emptying one takes much less time than making one."""
    url = postgres_server.url(postgres_server.create())
    make_tables(url)
    return url


@pytest.fixture
def sqlite_hub_url(sqlite_url: str, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An SQLite database with the hub's tables."""
    hurry_sqlite(monkeypatch)
    shutil.copyfile(sqlite_template, sqlite_url.removeprefix("sqlite:///"))
    return sqlite_url


@pytest.fixture
def postgresql_hub_url(postgres_with_tables: str) -> str:
    """A PostgreSQL database with the hub's tables."""
    empty_tables(postgres_with_tables)
    return postgres_with_tables


@pytest.fixture(params=["sqlite", "postgresql"])
def hub_url(request: pytest.FixtureRequest) -> str:
    """Runs the test on both databases, with the hub's tables in them."""
    url: str = request.getfixturevalue(f"{request.param}_hub_url")
    return url


@pytest.fixture
def clock() -> VirtualClock:
    """Time that passes when the test says so."""
    return VirtualClock(NOW)


@pytest.fixture(scope="session")
def registry() -> ChannelRegistry:
    """The toy shop as the only channel."""
    return toyshop_registry()


@pytest.fixture
async def hub(hub_url: str, clock: VirtualClock, registry: ChannelRegistry) -> AsyncIterator[Hub]:
    """A hub with the toy shop, on both databases."""
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as opened:
        yield opened
