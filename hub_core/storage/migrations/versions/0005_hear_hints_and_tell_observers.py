"""Hear hints of stores by their webhooks, and tell observers of events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub_core.storage.types import UtcDateTime

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "webhook_subscriptions",
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("public_url", sa.Text(), nullable=False),
        sa.Column("subscription", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem_sentence", sa.Text(), nullable=True),
        _of_integration("webhook_subscriptions"),
        sa.PrimaryKeyConstraint("integration_id", name="pk_webhook_subscriptions"),
    )
    op.create_table(
        "hints",
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("version", BIG, nullable=False, server_default="0"),
        _of_integration("hints"),
        sa.PrimaryKeyConstraint("integration_id", "external_id", name="pk_hints"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observers",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("after_event", BIG, nullable=False),
        sa.Column("owner", sa.String(80), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_observers"),
    )


def _of_integration(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_integration_id_integrations"
    return sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name=name, ondelete="CASCADE")
