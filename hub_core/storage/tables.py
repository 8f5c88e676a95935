"""The tables. What is searched is a column; what is shown as a whole is a document."""

from __future__ import annotations

from sqlalchemy import BigInteger as _BigInteger
from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hub_core.storage.types import Document, ExactDecimal, PlainDecimal, UtcDateTime

BigInteger = _BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite numbers rows by itself only where the type is called INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NOT_REMOVED = text("removed_at IS NULL")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _integration(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "integration_id",
        BigInteger,
        ForeignKey("integrations.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("document", Document, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

integrations = Table(
    "integrations",
    metadata,
    _id(),
    Column("channel", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("connection", String(30), nullable=False),
    Column("settings", Document, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("rules", Document, nullable=False),
    Column("store", Document),
    Column("store_key", Text),
    Column("credentials", Text),
    Column("problem_code", String(40)),
    Column("problem_sentence", Text),
    Column("problem_since", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("connected_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
    Index("uq_integrations_name", "name_key", unique=True, sqlite_where=NOT_REMOVED, postgresql_where=NOT_REMOVED),
    Index(
        "uq_integrations_store",
        "channel",
        "store_key",
        unique=True,
        sqlite_where=NOT_REMOVED,
        postgresql_where=NOT_REMOVED,
    ),
    sqlite_autoincrement=True,
)

flow_state = Table(
    "flow_state",
    metadata,
    _integration(primary_key=True),
    Column("flow", String(20), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("next_due_at", UtcDateTime),
    Column("planned_at", UtcDateTime),
    Column("urgency", Integer, nullable=False, server_default="0"),
    Column("demand", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("quiet_runs", BigInteger, nullable=False, server_default="0"),
    Column("run_id", BigInteger),
    Column("last_success_at", UtcDateTime),
    Column("lease", BigInteger, nullable=False, server_default="0"),
    Column("lease_owner", String(80)),
    Column("lease_until", UtcDateTime),
    Column("problem_code", String(40)),
    Column("problem_sentence", Text),
    Column("problem_since", UtcDateTime),
    Column("waits_until", UtcDateTime),
    Column("offered_until", UtcDateTime),
    Column("late_since", UtcDateTime),
    Column("totals", Document),
    Index("ix_flow_state_due", "next_due_at", sqlite_where=text("open"), postgresql_where=text("open")),
)

outages = Table(
    "outages",
    metadata,
    _integration(primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Stores that do not answer: one row each, while that lasts. Nobody knocks before *until*, then one flow at a time."""

searches = Table(
    "searches",
    metadata,
    _integration(primary_key=True),
    Column("search", String(20), primary_key=True),
    Column("watermark", UtcDateTime),
    Column("began_at", UtcDateTime),
    Column("window_start", UtcDateTime),
    Column("window_end", UtcDateTime),
    Column("cursor", Document),
    Column("due_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("read_from", UtcDateTime),
)

IS_SAME = text("same_as IS NOT NULL")
HAS_TEXT = text("raw IS NOT NULL")

orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _integration(),
    Column("external_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime),
    Column("total", ExactDecimal, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("same_as", BigInteger),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("raw_hash", LargeBinary),
    Column("content_hash", LargeBinary, nullable=False),
    Column("document", Document, nullable=False),
    Column("raw", LargeBinary),
    Column("erased_at", UtcDateTime),
    UniqueConstraint("integration_id", "external_id"),
    Index("ix_orders_placed", "placed_at", "id"),
    Index("ix_orders_same_as", "same_as", sqlite_where=IS_SAME, postgresql_where=IS_SAME),
    Index("ix_orders_text", "sent_at", sqlite_where=HAS_TEXT, postgresql_where=HAS_TEXT),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("sku", Text),
    Column("listing", Text),
    Column("quantity", ExactDecimal, nullable=False),
    Column("total", ExactDecimal, nullable=False),
    Column("bundle", Boolean, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("stock_sku", Text),
    Column("taken", PlainDecimal, nullable=False, server_default="0"),
    Index("ix_order_lines_sku", "sku"),
    sqlite_with_rowid=False,
)

order_revisions = Table(
    "order_revisions",
    metadata,
    Column("order_id", BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("event_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("changes", Document, nullable=False),
    sqlite_with_rowid=False,
)

IS_UNDER_WAY = text("state IN ('waiting', 'sending', 'unknown')")

fulfilments = Table(
    "fulfilments",
    metadata,
    _id(),
    _integration(),
    Column("order_id", BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    Column("content_key", String(64)),
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("tracking_number", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("shipped_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("sends", Integer, nullable=False, server_default="0"),
    Column("before", Document),
    Column("sent_at", UtcDateTime),
    Column("left_by", UtcDateTime),
    Column("retry_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    UniqueConstraint("order_id", "content_key"),
    Index(
        "ix_fulfilments_under_way",
        "integration_id",
        "order_id",
        "id",
        sqlite_where=IS_UNDER_WAY,
        postgresql_where=IS_UNDER_WAY,
    ),
    sqlite_autoincrement=True,
)
"""Parcels of which stores are to be told, once. *content_key* is the same for the same parcel that is asked for again.

*before* is what the order held before its store was first told; *sends* counts how often it was. Of one that is
`sending` nobody has heard what became of it: whatever was sent had left by *left_by*.
"""

fulfilment_lines = Table(
    "fulfilment_lines",
    metadata,
    Column("fulfilment_id", BigInteger, ForeignKey("fulfilments.id", ondelete="CASCADE"), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("quantity", PlainDecimal, nullable=False),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("type", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("integration_id", BigInteger),
    Column("order_id", BigInteger),
    Column("sku", Text),
    Column("data", Document, nullable=False),
)

stock_levels = Table(
    "stock_levels",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("level", PlainDecimal),
    Column("after_event", BigInteger),
    Column("moved", PlainDecimal, nullable=False, server_default="0"),
    Column("event_id", BigInteger),
    Column("changed_at", UtcDateTime),
    sqlite_with_rowid=False,
)
"""One row for every SKU that was set or has moved: the row that whoever changes its stock must hold.

*moved* is the sum of the movements later than *after_event*, kept so that the available figure takes no reckoning.
"""

stock_movements = Table(
    "stock_movements",
    metadata,
    _id(),
    Column("sku", Text, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("units", PlainDecimal, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("integration_id", BigInteger),
    Column("order_id", BigInteger),
    Column("line", Text),
    Index("ix_stock_movements_sku", "sku", "event_id"),
)

prices = Table(
    "prices",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("amount", PlainDecimal, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

listings = Table(
    "listings",
    metadata,
    _id(),
    _integration(),
    Column("external_id", Text, nullable=False),
    Column("parent", Text),
    Column("store_sku", Text),
    Column("sku", Text),
    Column("tie", String(10), nullable=False),
    Column("name", Text, nullable=False),
    Column("handle", Document),
    Column("published", Boolean, nullable=False),
    Column("fractions", Boolean, nullable=False),
    Column("price", PlainDecimal),
    Column("sale_price", PlainDecimal),
    Column("currency", String(3)),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("gone_at", UtcDateTime),
    UniqueConstraint("integration_id", "external_id"),
    Index("ix_listings_sku", "sku"),
    Index("ix_listings_store_sku", "integration_id", "store_sku"),
    Index("ix_listings_parent", "integration_id", "parent"),
    sqlite_autoincrement=True,
)
"""What a store offers: told by a page that was asked for at *seen_at* and had come at *read_at*."""

IS_DUE = text("target IS NOT NULL AND waiting IS NULL AND (in_flight OR expected IS NULL OR expected <> target)")

pushes = Table(
    "pushes",
    metadata,
    Column("listing_id", BigInteger, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True),
    Column("flow", String(20), primary_key=True),
    Column("integration_id", BigInteger, nullable=False),
    Column("target", PlainDecimal),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("raised_at", UtcDateTime),
    Column("changed_at", UtcDateTime),
    Column("acknowledged", PlainDecimal),
    Column("expected", PlainDecimal),
    Column("drifted_at", UtcDateTime),
    Column("in_flight", Boolean, nullable=False, server_default=text("false")),
    Column("sent_version", BigInteger),
    Column("sent_value", PlainDecimal),
    Column("sent_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("waiting", String(20)),
    Column("reason", Text, nullable=False, server_default=""),
    Column("retry_at", UtcDateTime),
    Column("receipt", Document),
    Column("confirmed_version", BigInteger),
    Column("unsure_until", UtcDateTime),
    Index("ix_pushes_due", "integration_id", "flow", "changed_at", sqlite_where=IS_DUE, postgresql_where=IS_DUE),
    Index(
        "ix_pushes_waiting",
        "integration_id",
        "flow",
        "waiting",
        sqlite_where=text("waiting IS NOT NULL"),
        postgresql_where=text("waiting IS NOT NULL"),
    ),
    Index(
        "ix_pushes_unsure",
        "integration_id",
        "flow",
        sqlite_where=text("unsure_until IS NOT NULL"),
        postgresql_where=text("unsure_until IS NOT NULL"),
    ),
    Index(
        "ix_pushes_drifted",
        "integration_id",
        "flow",
        sqlite_where=text("drifted_at IS NOT NULL"),
        postgresql_where=text("drifted_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""For each listing and flow (stock, prices): what the store should be told, what it is thought to have, what was sent.

A row is due while its *target* differs from what is *expected*, unless it is *waiting* for something. While a send is
*in_flight* nobody knows what the store has; one that was never answered stays so until it is sent again. It may still
arrive until *unsure_until*, also after a newer one that the store took.
"""

rejects = Table(
    "rejects",
    metadata,
    _id(),
    _integration(),
    Column("kind", String(20), nullable=False),
    Column("record_key", Text, nullable=False),
    Column("external_id", Text),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("raw_hash", LargeBinary, nullable=False),
    Column("sight", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("integration_id", "kind", "record_key"),
    Index("ix_rejects_order", "integration_id", "external_id"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    _id(),
    _integration(),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("asked_for", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("counts", Document, nullable=False),
    Column("api_calls", Integer, nullable=False),
    Column("waited_seconds", Double, nullable=False, server_default="0"),
    Column("told_at", UtcDateTime),
    Column("error_code", String(40)),
    Column("error_sentence", Text),
    Index("ix_runs_integration", "integration_id", "id"),
    sqlite_autoincrement=True,
)

rate_budgets = Table(
    "rate_budgets",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("tat", Double, nullable=False),
    Column("closed_until", Double, nullable=False),
    Column("slow_until", Double, nullable=False),
    Column("rate", Double),
    Column("noted_at", Double, nullable=False, server_default="0"),
    Column("granted", Integer, nullable=False, server_default="0"),
    Column("refusals", BigInteger, nullable=False, server_default="0"),
)
"""What each store, or all stores of an application, let through, for all processes; the times are seconds since 1970.

*rate* is what was found where it is less than the channel says, and grows again from *slow_until* on; *noted_at* is
when the row was last written, *granted* counts the requests since the last refusal, *refusals* those ever.
"""

engine_processes = Table(
    "engine_processes",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("busy", Integer, nullable=False),
    Column("channels", Document, nullable=False),
)
"""The processes that run flows, as they say of themselves every few seconds."""

authorizations = Table(
    "authorizations",
    metadata,
    _integration(primary_key=True),
    Column("state_hash", LargeBinary, nullable=False, unique=True),
    Column("channel", String(40), nullable=False),
    Column("begun_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
"""The sign-ins at a platform that were begun, or are being answered: the newest of each integration."""

callbacks = Table(
    "callbacks",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("secret", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""The sealed part of the address at which a platform tells of grants and revocations."""

renewals = Table(
    "renewals",
    metadata,
    _integration(primary_key=True),
    Column("owner", String(40)),
    Column("until", UtcDateTime),
    Column("refused_at", UtcDateTime),
)
"""Who is renewing the credentials of an integration, until when, and when the store last made that necessary."""

tokens = Table(
    "tokens",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("scope", String(10), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index(
        "uq_tokens_name",
        "name",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

webhook_subscriptions = Table(
    "webhook_subscriptions",
    metadata,
    _integration(primary_key=True),
    Column("secret", Document, nullable=False),
    Column("public_url", Text, nullable=False),
    Column("subscription", Document),
    Column("expires_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("problem_sentence", Text),
)
"""What stores promised to tell the hub, the sealed part of the address for it, and when to make that promise (anew)."""

hints = Table(
    "hints",
    metadata,
    _integration(primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
"""The orders that stores hinted at and that were not looked at since."""

observers = Table(
    "observers",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("after_event", BigInteger, nullable=False),
    Column("owner", String(80)),
    Column("until", UtcDateTime),
)
"""Up to which event each observer plugin was told, and which process tells it."""

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_kind", String(10), nullable=False),
    Column("actor", Text, nullable=False),
    Column("request_id", String(40)),
    Column("action", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("subject", Text),
    Column("name", Text, nullable=False),
    Column("before", Document),
    Column("after", Document),
)
"""Who changed what; triggers refuse to change or delete a row."""
