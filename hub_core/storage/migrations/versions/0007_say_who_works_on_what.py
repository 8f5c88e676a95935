"""Say which processes run flows, which flows were offered to them or are late, and how long runs waited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub_core.storage.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "engine_processes",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_engine_processes"),
    )
    op.create_table(
        "outages",
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_outages_integration_id_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("integration_id", name="pk_outages"),
    )
    op.add_column("flow_state", sa.Column("offered_until", UtcDateTime(), nullable=True))
    op.add_column("flow_state", sa.Column("planned_at", UtcDateTime(), nullable=True))
    op.add_column("flow_state", sa.Column("late_since", UtcDateTime(), nullable=True))
    op.add_column("flow_state", sa.Column("totals", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("waited_seconds", sa.Double(), server_default="0", nullable=False))
    op.add_column("runs", sa.Column("told_at", UtcDateTime(), nullable=True))
    op.add_column("rate_budgets", sa.Column("rate", sa.Double(), nullable=True))
    op.add_column("rate_budgets", sa.Column("noted_at", sa.Double(), server_default="0", nullable=False))
    op.add_column("rate_budgets", sa.Column("granted", sa.Integer(), server_default="0", nullable=False))
    op.add_column("rate_budgets", sa.Column("refusals", BIG, server_default="0", nullable=False))
    has_text = sa.text("raw IS NOT NULL")
    op.create_index("ix_orders_text", "orders", ["sent_at"], sqlite_where=has_text, postgresql_where=has_text)
    due = sa.text("target IS NOT NULL AND waiting IS NULL AND (in_flight OR expected IS NULL OR expected <> target)")
    op.drop_index("ix_pushes_due", "pushes")
    columns = ["integration_id", "flow", "changed_at"]
    op.create_index("ix_pushes_due", "pushes", columns, sqlite_where=due, postgresql_where=due)
