"""Keep stock, prices and listings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

from hub_core.storage.types import PlainDecimal, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DUE = sa.text("target IS NOT NULL AND waiting IS NULL AND (in_flight OR expected IS NULL OR expected <> target)")
WAITING = sa.text("waiting IS NOT NULL")
DRIFTED = sa.text("drifted_at IS NOT NULL")
UNSURE = sa.text("unsure_until IS NOT NULL")
SAME = sa.text("same_as IS NOT NULL")


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("flow_state", sa.Column("waits_until", UtcDateTime(), nullable=True))
    op.add_column("searches", sa.Column("read_from", UtcDateTime(), nullable=True))
    op.add_column("order_lines", sa.Column("stock_sku", sa.Text(), nullable=True))
    op.add_column("order_lines", sa.Column("taken", PlainDecimal(), server_default="0", nullable=False))
    op.create_index("ix_orders_same_as", "orders", ["same_as"], sqlite_where=SAME, postgresql_where=SAME)
    _stock()
    _prices()
    _listings()
    _pushes()
    _take_for_orders()


def _stock() -> None:
    op.create_table(
        "stock_levels",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("level", PlainDecimal(), nullable=True),
        sa.Column("after_event", BIG, nullable=True),
        sa.Column("moved", PlainDecimal(), server_default="0", nullable=False),
        sa.Column("event_id", BIG, nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_stock_levels")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", BIG, sa.Identity(always=False), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("units", PlainDecimal(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("integration_id", BIG, nullable=True),
        sa.Column("order_id", BIG, nullable=True),
        sa.Column("line", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    op.create_index("ix_stock_movements_sku", "stock_movements", ["sku", "event_id"])


def _prices() -> None:
    op.create_table(
        "prices",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", PlainDecimal(), nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "currency", name=op.f("pk_prices")),
        sqlite_with_rowid=False,
    )


def _listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", BIG, sa.Identity(always=False), nullable=False),
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("store_sku", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("tie", sa.String(length=10), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("fractions", sa.Boolean(), nullable=False),
        sa.Column("price", PlainDecimal(), nullable=True),
        sa.Column("sale_price", PlainDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("gone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_listings_integration_id_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("integration_id", "external_id", name=op.f("uq_listings_integration_id_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_listings_sku", "listings", ["sku"])
    op.create_index("ix_listings_store_sku", "listings", ["integration_id", "store_sku"])
    op.create_index("ix_listings_parent", "listings", ["integration_id", "parent"])


def _pushes() -> None:
    op.create_table(
        "pushes",
        sa.Column("listing_id", BIG, nullable=False),
        sa.Column("flow", sa.String(length=20), nullable=False),
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("target", PlainDecimal(), nullable=True),
        sa.Column("version", BIG, server_default="0", nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged", PlainDecimal(), nullable=True),
        sa.Column("expected", PlainDecimal(), nullable=True),
        sa.Column("drifted_at", UtcDateTime(), nullable=True),
        sa.Column("in_flight", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sent_version", BIG, nullable=True),
        sa.Column("sent_value", PlainDecimal(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("waiting", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("confirmed_version", BIG, nullable=True),
        sa.Column("unsure_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_pushes_listing_id_listings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", "flow", name=op.f("pk_pushes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_pushes_due", "pushes", ["integration_id", "flow"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index(
        "ix_pushes_waiting",
        "pushes",
        ["integration_id", "flow", "waiting"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(
        "ix_pushes_unsure",
        "pushes",
        ["integration_id", "flow"],
        sqlite_where=UNSURE,
        postgresql_where=UNSURE,
    )
    op.create_index(
        "ix_pushes_drifted",
        "pushes",
        ["integration_id", "flow"],
        sqlite_where=DRIFTED,
        postgresql_where=DRIFTED,
    )


# Orders that the hub has told of already have taken their stock: whoever sets a level counts without them.

AT_ONCE = 1000
orders = sa.table("orders", *map(sa.column, ("id", "integration_id", "history", "status", "document")))
events = sa.table("events", *map(sa.column, ("id", "order_id")))
lines = sa.table(
    "order_lines",
    *map(sa.column, ("order_id", "external_id", "stock_sku")),
    sa.column("taken", PlainDecimal()),
)
movements = sa.table(
    "stock_movements",
    *map(sa.column, ("sku", "event_id", "cause", "integration_id", "order_id", "line")),
    sa.column("units", PlainDecimal()),
)
levels = sa.table("stock_levels", sa.column("sku"), sa.column("moved", PlainDecimal()))


def _take_for_orders() -> None:
    connection = op.get_bind()
    newest = sa.select(events.c.order_id, sa.func.max(events.c.id)).where(events.c.order_id.is_not(None))
    event_of = {row[0]: row[1] for row in connection.execute(newest.group_by(events.c.order_id))}
    moved: defaultdict[str, Decimal] = defaultdict(Decimal)
    for taken in _batches(connection):
        connection.execute(
            sa.update(lines)
            .where(lines.c.order_id == sa.bindparam("order"), lines.c.external_id == sa.bindparam("key"))
            .values(stock_sku=sa.bindparam("of"), taken=sa.bindparam("units", type_=PlainDecimal())),
            [{"order": row["order_id"], "key": row["line"], "of": row["sku"], "units": -row["units"]} for row in taken],
        )
        rows = [
            {**row, "event_id": event_of.get(row["order_id"], 0), "cause": "order"} for row in taken if row["units"]
        ]
        if rows:
            connection.execute(sa.insert(movements), rows)
        for row in rows:
            moved[row["sku"]] += row["units"]
    if moved:
        connection.execute(sa.insert(levels), [{"sku": sku, "moved": units} for sku, units in sorted(moved.items())])


def _batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Yield what the lines of some orders have taken, as movements; those that name no SKU are left out."""
    last = 0
    statement = sa.select(orders).where(orders.c.history.is_(False)).order_by(orders.c.id).limit(AT_ONCE)
    while batch := connection.execute(statement.where(orders.c.id > last)).all():
        last = batch[-1].id
        if taken := [movement for order in batch for movement in _taken(order)]:
            yield taken


def _taken(order: sa.Row[Any]) -> Iterator[dict[str, Any]]:
    told = json.loads(order.document)["lines"]
    bundles = {line["bundle_parent"] for line in told}
    for line in told:
        sku = (line["sku"] or "").strip()
        if sku:
            is_sold = line["fulfilled_by"] == "merchant" and line["external_id"] not in bundles
            ordered = (
                Decimal(0) if order.status == "cancelled" else Decimal(line["quantity"]) - Decimal(line["cancelled"])
            )
            units = max(ordered, Decimal(line["shipped"]), Decimal(0)) if is_sold else Decimal(0)
            key = {"integration_id": order.integration_id, "order_id": order.id, "line": line["external_id"]}
            yield {**key, "sku": sku, "units": -units}
