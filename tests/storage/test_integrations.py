"""Integrations as rows."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from hub_core.domain.integrations import Flow, Rules
from hub_core.storage.database import Database
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.runs import RunRepository
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW


@pytest.fixture
def database(postgresql_hub_url: str) -> Iterator[Database]:
    """A server's database: an embedded one has a single writer anyway."""
    opened = Database(postgresql_hub_url, VirtualClock(NOW))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def number(database: Database) -> int:
    def add(connection: Connection) -> int:
        values = {"settings": {}, "settings_version": 1, "rules": Rules()}
        added = IntegrationRepository(connection).add("toyshop", "North", NOW, **values)
        FlowRepository(connection, database).add(added, Flow)
        return added

    return database.write_now(add)


def while_locked(database: Database, number: int, act: Callable[[Connection], object]) -> None:
    """Let one transaction lock the integration, and another act without patience."""
    with database.engine.begin() as locking, database.engine.begin() as other:
        row = IntegrationRepository(locking).lock(number)
        assert row is not None
        other.execute(text("SET LOCAL lock_timeout = '10ms'"))
        act(other)


@pytest.mark.parametrize(
    "act",
    [
        lambda other, number, _: IntegrationRepository(other).change(number, enabled=False),
        lambda other, number, _: IntegrationRepository(other).lock(number),
        lambda other, number, database: FlowRepository(other, database).close(number),
    ],
    ids=["change", "lock", "close"],
)
def test_nobody_else_changes_what_is_locked_or_its_flows(
    database: Database, number: int, act: Callable[[Connection, int, Database], object]
) -> None:
    with pytest.raises(OperationalError, match="lock timeout"):
        while_locked(database, number, lambda other: act(other, number, database))


def test_what_points_to_a_locked_one_can_be_written(database: Database, number: int) -> None:
    while_locked(database, number, lambda other: RunRepository(other).ask(number, "orders", NOW))
    assert database.read_now(lambda connection: RunRepository(connection).unfinished(number, "orders")) is not None


def test_one_that_is_not_there_cannot_be_locked(database: Database, number: int) -> None:
    assert database.write_now(lambda connection: IntegrationRepository(connection).lock(number + 1)) is None
