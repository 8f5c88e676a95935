"""Databases for the tests: each test gets an empty one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import CannotStartError, PostgresServer


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
