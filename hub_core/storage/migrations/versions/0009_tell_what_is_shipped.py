"""Make room for fulfilments: what stores are told to be on its way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub_core.storage.types import PlainDecimal, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNDER_WAY = sa.text("state IN ('waiting', 'sending', 'unknown')")


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "fulfilments",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("order_id", BIG, nullable=False),
        sa.Column("content_key", sa.String(64), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("shipped_at", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("left_by", UtcDateTime(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_fulfilments"),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name="fk_fulfilments_integration_id_integrations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_fulfilments_order_id_orders", ondelete="CASCADE"),
        sa.UniqueConstraint("order_id", "content_key", name="uq_fulfilments_order_id_content_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_fulfilments_under_way",
        "fulfilments",
        ["integration_id", "order_id", "id"],
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_table(
        "fulfilment_lines",
        sa.Column("fulfilment_id", BIG, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("quantity", PlainDecimal(), nullable=False),
        sa.PrimaryKeyConstraint("fulfilment_id", "external_id", name="pk_fulfilment_lines"),
        sa.ForeignKeyConstraint(
            ["fulfilment_id"],
            ["fulfilments.id"],
            name="fk_fulfilment_lines_fulfilment_id_fulfilments",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
