"""What stores promised to tell the hub: one subscription for each integration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, exists, or_, select, update

from hub_core.domain.integrations import ConnectionState
from hub_core.domain.webhooks import Subscription
from hub_core.storage.tables import flow_state, integrations, webhook_subscriptions
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Row

    from hub_core.storage.database import Database

LEASE: Final = timedelta(seconds=90)
"""Longer than subscribing may take, so that only one process at a time does it."""
_COLUMNS = webhook_subscriptions.c


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A subscription as it is stored; *secret* is sealed, and *subscription* is None until there is one."""

    integration_id: int
    secret: str
    public_url: str
    subscription: Subscription | None
    failures: int
    problem_sentence: str | None


class WebhookRepository:
    """The subscriptions, also those that are still to be made."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*, by the clock of *database*."""
        self._connection = connection
        self._database = database

    def due(self, channels: Collection[str], public_url: str) -> list[int]:
        """List the integrations of *channels* that work and lack a subscription at *public_url*, or need a fresh one.

        One whose flows are all switched off works not.
        """
        columns = integrations.c
        opens = exists().where(flow_state.c.integration_id == columns.id, flow_state.c.open)
        lacks = or_(_COLUMNS.integration_id.is_(None), _COLUMNS.due_at <= self._database.now_sql())
        elsewhere = and_(_COLUMNS.public_url != public_url, _COLUMNS.due_at.is_(None))
        statement = (
            select(columns.id)
            .join(webhook_subscriptions, _COLUMNS.integration_id == columns.id, isouter=True)
            .where(
                columns.removed_at.is_(None),
                columns.enabled,
                columns.connection == ConnectionState.CONNECTED.value,
                columns.channel.in_(channels),
                or_(lacks, elsewhere),
                opens,
            )
        )
        return list(self._connection.execute(statement.order_by(columns.id)).scalars())

    def claim(self, integration_id: int, secret: str, public_url: str) -> SubscriptionRow | None:
        """Take the turn to subscribe, with *secret* where there is none yet; None where another process has it."""
        first = {"integration_id": integration_id, "secret": secret, "public_url": public_url}
        now = self._database.now_sql()
        self._connection.execute(insert_new(self._connection, webhook_subscriptions).values(**first, due_at=now))
        free = or_(_COLUMNS.due_at <= now, and_(_COLUMNS.public_url != public_url, _COLUMNS.due_at.is_(None)))
        claimed = (
            update(webhook_subscriptions)
            .where(_COLUMNS.integration_id == integration_id, free)
            .values(due_at=self._database.now_sql(LEASE))
            .returning(webhook_subscriptions)
        )
        row = self._connection.execute(claimed).first()
        return None if row is None else _subscription(row)

    def get(self, integration_id: int) -> SubscriptionRow | None:
        """Give the subscription of an integration."""
        found = select(webhook_subscriptions).where(_COLUMNS.integration_id == integration_id)
        row = self._connection.execute(found).first()
        return None if row is None else _subscription(row)

    def readdress(self, integration_id: int, secret: str, public_url: str) -> None:
        """Hear the store from now on at an address with *secret*, at *public_url*."""
        self._change(integration_id, secret=secret, public_url=public_url)

    def keep(self, integration_id: int, made: Subscription, due_at: datetime | None) -> bool:
        """Keep what was subscribed, until it is made anew at *due_at*; False where it was forgotten meanwhile."""
        return self._change(
            integration_id,
            subscription=json.dumps(made.document),
            expires_at=made.expires_at,
            due_at=due_at,
            failures=0,
            problem_sentence=None,
        )

    def renew(self, integration_id: int) -> None:
        """Let what was subscribed be subscribed anew soon: the store may have dropped it."""
        self._change(integration_id, due_at=self._database.now_sql())

    def fail(self, integration_id: int, sentence: str, again: timedelta) -> None:
        """Note why it could not be subscribed, and when it is tried again."""
        at = self._database.now_sql(again)
        self._change(integration_id, problem_sentence=sentence, failures=_COLUMNS.failures + 1, due_at=at)

    def problems(self, integration_ids: Collection[int]) -> dict[int, str]:
        """Tell of which integrations the store could not be asked for webhooks, and why."""
        statement = select(_COLUMNS.integration_id, _COLUMNS.problem_sentence).where(
            _COLUMNS.integration_id.in_(integration_ids), _COLUMNS.problem_sentence.is_not(None)
        )
        return {row.integration_id: row.problem_sentence for row in self._connection.execute(statement)}

    def forget(self, integration_id: int) -> None:
        """Forget a subscription and its address, at which nothing is heard any more."""
        mine = _COLUMNS.integration_id == integration_id
        self._connection.execute(delete(webhook_subscriptions).where(mine))

    def _change(self, integration_id: int, **values: Any) -> bool:
        mine = _COLUMNS.integration_id == integration_id
        return self._connection.execute(update(webhook_subscriptions).where(mine).values(**values)).rowcount > 0


def _subscription(row: Row[Any]) -> SubscriptionRow:
    made = None if row.subscription is None else Subscription(json.loads(row.subscription), row.expires_at)
    return SubscriptionRow(
        integration_id=row.integration_id,
        secret=row.secret,
        public_url=row.public_url,
        subscription=made,
        failures=row.failures,
        problem_sentence=row.problem_sentence,
    )
