"""A database of an older version, with orders in it: it becomes what the tables say, and the hub goes on."""

from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.storage import carrier, schema
from hub_core.storage.database import Database
from hub_core.storage.tables import metadata, order_lines, stock_levels, stock_movements
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, connected, rows, settings
from tests.toyshop.shop import Shop, open_shop

LINES = [
    {"id": "1", "sku": " RED ", "quantity": "3", "cancelled": "1", "price": "1"},
    {"id": "2", "quantity": "3", "price": "1"},
    {"id": "3", "sku": "RED", "quantity": "0.50", "price": "1"},
    {"id": "4", "sku": "SET", "quantity": "1", "price": "1"},
    {"id": "5", "sku": "PART", "quantity": "1", "price": "1", "bundle_parent": "4"},
    {"id": "6", "sku": "RED", "quantity": "7", "price": "1", "fulfilled_by": "channel"},
]
NOTHING_CARRIED = """
DO $$ DECLARE one record; BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers
    CASCADE;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc WHERE proname LIKE 'procrastinate%' LOOP
        EXECUTE 'DROP FUNCTION ' || one.name;
    END LOOP;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
END $$
"""
"""What PostgreSQL alone has."""
FIRST_VERSION = (
    *(f"DROP TABLE {table}" for table in ("fulfilment_lines", "fulfilments")),
    *(f"DROP TABLE {table}" for table in ("engine_processes", "outages")),
    "ALTER TABLE flow_state DROP COLUMN offered_until",
    "ALTER TABLE flow_state DROP COLUMN planned_at",
    "ALTER TABLE flow_state DROP COLUMN late_since",
    "ALTER TABLE flow_state DROP COLUMN totals",
    "ALTER TABLE runs DROP COLUMN waited_seconds",
    "ALTER TABLE runs DROP COLUMN told_at",
    "DROP INDEX ix_orders_text",
    "ALTER TABLE rate_budgets DROP COLUMN rate",
    "ALTER TABLE rate_budgets DROP COLUMN noted_at",
    "ALTER TABLE rate_budgets DROP COLUMN granted",
    "ALTER TABLE rate_budgets DROP COLUMN refusals",
    "DROP TABLE audit",
    "ALTER TABLE orders DROP COLUMN erased_at",
    *(f"DROP TABLE {table}" for table in ("webhook_subscriptions", "hints", "observers")),
    *(f"DROP TABLE {table}" for table in ("authorizations", "callbacks", "renewals")),
    *(f"DROP TABLE {table}" for table in ("stock_movements", "stock_levels", "prices", "pushes", "listings")),
    "DROP INDEX ix_orders_same_as",
    "ALTER TABLE order_lines DROP COLUMN stock_sku",
    "ALTER TABLE order_lines DROP COLUMN taken",
    "ALTER TABLE searches DROP COLUMN read_from",
    "ALTER TABLE flow_state DROP COLUMN waits_until",
    "UPDATE alembic_version SET version_num = '0001'",
)


@pytest.fixture
async def shop(database_url: str, clock: VirtualClock, registry: ChannelRegistry) -> Shop:
    """A shop whose orders, one of history and one of the hub's own, lie in a database of the first version."""
    shop = open_shop("north")
    async with Hub.open(database_url, settings=settings(), clock=clock, registry=registry) as hub:
        shop.put("old", clock.now() - DAY, lines=LINES)
        await connected(hub, shop)
        await hub.sync("north")
        clock.advance(61)
        shop.put("own", clock.now(), lines=LINES)
        await hub.sync("north")

        def take_back(connection: Connection) -> None:
            own = [NOTHING_CARRIED] if connection.dialect.name == "postgresql" else []
            for statement in (*own, *FIRST_VERSION):
                connection.execute(text(statement))

        hub.parts.database.write_now(take_back)
    return shop


def upgrade(url: str, clock: VirtualClock) -> Database:
    database = Database(url, clock)
    schema.upgrade(database)
    database.engine.dispose()
    return database


def test_the_tables_are_what_they_would_be_in_a_new_database(
    database_url: str, clock: VirtualClock, shop: Shop
) -> None:
    del shop

    def differences(connection: Connection) -> list[object]:
        own = {"include_name": lambda name, *_: not str(name).startswith(carrier.PREFIX)}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **own})
        return list(compare_metadata(context, metadata))

    database = upgrade(database_url, clock)
    assert database.read_now(differences) == []
    assert schema.check(database) == []
    database.engine.dispose()


async def test_orders_that_the_hub_has_told_of_have_taken_their_stock(
    database_url: str, clock: VirtualClock, shop: Shop, registry: ChannelRegistry
) -> None:
    """So a level that is set now counts without them, and what comes of them later moves the difference alone."""
    upgrade(database_url, clock)
    async with Hub.open(database_url, settings=settings(), clock=clock, registry=registry) as hub:
        history, *taken = [(row["stock_sku"], row["taken"]) for row in rows(hub, order_lines)][5:]
        assert history == (None, 0)
        assert taken == [("RED", 2), (None, 0), ("RED", Decimal("0.5")), ("SET", 0), ("PART", 1), ("RED", 0)]
        moved = [(row["sku"], row["units"], row["event_id"], row["line"]) for row in rows(hub, stock_movements)]
        newest = (await hub.events.after(limit=100, type="order.created"))[-1].id
        expected = [("RED", -2, newest, "1"), ("RED", Decimal("-0.5"), newest, "3"), ("PART", -1, newest, "5")]
        assert moved == expected
        assert [(row["sku"], row["moved"]) for row in rows(hub, stock_levels)] == [
            ("PART", -1),
            ("RED", Decimal("-2.5")),
        ]
        await hub.stock.set({"RED": 10})
        for status, left in (("shipped", 10), ("cancelled", Decimal("12.5"))):
            clock.advance(61)
            shop.put("own", clock.now(), lines=LINES, status=status)
            await hub.sync("north")
            assert (await hub.stock.get("RED")).available == left
