"""Let platforms answer: sign-ins that are under way, addresses for callbacks, renewals of credentials."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub_core.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "authorizations",
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _of_integration("authorizations"),
        sa.PrimaryKeyConstraint("integration_id", name="pk_authorizations"),
        sa.UniqueConstraint("state_hash", name="uq_authorizations_state_hash"),
    )
    op.create_table(
        "callbacks",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_callbacks"),
    )
    op.create_table(
        "renewals",
        sa.Column("integration_id", BIG, nullable=False),
        sa.Column("owner", sa.String(40), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("refused_at", UtcDateTime(), nullable=True),
        _of_integration("renewals"),
        sa.PrimaryKeyConstraint("integration_id", name="pk_renewals"),
    )


def _of_integration(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_integration_id_integrations"
    return sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name=name, ondelete="CASCADE")
