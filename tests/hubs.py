"""Hubs for tests, with the toy shop as their channel."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import event

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.history import HistoryRule, Sight
from hub_core.domain.integrations import Integration
from hub_core.domain.orders import StoredOrder
from hub_core.services.history import Seen
from hub_core.settings import HubSettings
from hub_core.storage import database as database_module
from hub_core.storage import schema
from hub_core.storage.database import Database
from hub_core.storage.processes import EngineProcess, ProcessRepository
from hub_core.storage.tables import metadata
from hub_core.testing.clock import VirtualClock
from tests.toyshop.shop import Shop, open_shop

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SEEN_LATER = Seen(Sight.LATER, HistoryRule(NOW - 30 * DAY, NOW - DAY))


def toyshop_registry() -> ChannelRegistry:
    return ChannelRegistry.load([EntryPoint("toyshop", "tests.toyshop.channel", "hub.channels")])


def settings() -> HubSettings:
    return HubSettings(secret_keys=SecretStr("a-key-for-tests-of-more-than-32-characters"))


def make_tables(url: str) -> None:
    """Migrate an empty database, for others to be copied from."""
    database = Database(url, VirtualClock(NOW))
    schema.upgrade(database)
    database.engine.dispose()


def empty_tables(url: str) -> None:
    """Take everything out of a PostgreSQL database, and end what an earlier test left open there."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        connection.execute(sa.text("TRUNCATE audit"))  # which lets nobody delete a row
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for carried in ("jobs", "workers"):
            connection.execute(sa.text(f"DELETE FROM procrastinate_{carried}"))  # noqa: S608 - two fixed names


def hurry_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that lives for a second need not survive a power cut."""
    prepare = database_module._prepare_sqlite

    def hurried(connection: Any, record: object) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    monkeypatch.setattr(database_module, "_prepare_sqlite", hurried)


async def connected(hub: Hub, shop: Shop | str = "north", **rules: Any) -> Integration:
    """Connect a shop under its own name; opens it where only its name is given."""
    shop = open_shop(shop) if isinstance(shop, str) else shop
    added = await hub.integrations.add("toyshop", name=shop.name, settings={"shop": shop.name}, rules=rules)
    return await hub.integrations.authorize(added.id, {"password": shop.password})


def filled(shop: Shop, count: int, *, first: int = 1, placed_at: datetime = NOW - DAY) -> Shop:
    """Put orders into a shop, one placed each minute."""
    for number in range(first, first + count):
        shop.put(f"A{number}", placed_at + number * MINUTE)
    return shop


async def found(hub: Hub, **which: Any) -> list[StoredOrder]:
    return [order async for order in hub.orders.find(**which)]


async def held(hub: Hub) -> dict[str, dict[str, Any]]:
    """What the hub holds, order by order, without what tells one hub from another."""
    orders = await found(hub)
    assert len({(order.integration_id, order.external_id) for order in orders}) == len(orders)
    own = {"id", "integration_id"}
    return {order.external_id: order.model_dump(mode="json", exclude=own) for order in orders}


def rows(hub: Hub, table: sa.Table, *conditions: Any) -> list[dict[str, Any]]:
    """The rows of a table, as they lie there."""
    statement = sa.select(table).where(*conditions).order_by(*table.primary_key.columns)
    return hub.parts.database.read_now(
        lambda connection: [dict(row) for row in connection.execute(statement).mappings()]
    )


async def told(hub: Hub, type: str | None = None) -> list[dict[str, Any]]:  # noqa: A002 - the event's own word
    """What the events say, but for those of runs unless asked for, after their numbers were seen to have no gaps."""
    events = await hub.events.after(limit=10_000)
    assert [each.id for each in events] == list(range(1, len(events) + 1))
    return [{"type": each.type, **each.data} for each in events if _is_wanted(each.type, type)]


def _is_wanted(kind: str, wanted: str | None) -> bool:
    return kind == wanted if wanted else not kind.startswith("run.")


@contextmanager
def statements(hub: Hub) -> Iterator[list[str]]:
    """Note each statement that is sent to the database."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del connection, cursor, rest
        seen.append(statement)

    engine = hub.parts.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def worker(hub: Hub, busy: int = 0) -> None:
    """Let a process be there that works on the toy shop."""
    process = EngineProcess(
        name="p", kind="serve", host="h", pid=1, version="1", slots=40, busy=busy, channels=("toyshop",)
    )
    database = hub.parts.database
    database.write_now(lambda connection: ProcessRepository(connection, database).tell(process))


def writing(seen: list[str]) -> list[str]:
    """Of statements that were sent, the tables of those that write."""
    words = [statement.split() for statement in seen]
    return [each[1] if each[0] == "UPDATE" else each[2] for each in words if each[0] in ("INSERT", "UPDATE", "DELETE")]


def edited(raw: bytes, **members: Any) -> bytes:
    """An order's text with other members."""
    return json.dumps({**json.loads(raw), **members}).encode()


def sqlite_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
