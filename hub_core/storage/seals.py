"""Everything that is sealed in the database: credentials, application keys, addresses for callbacks and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from hub_core.domain.integrations import ConnectionState
from hub_core.storage.tables import applications, callbacks, integrations, webhook_subscriptions

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection


def of_integration(integration_id: int) -> str:
    """Name the owner of an integration's credentials, to whom they are bound."""
    return f"integration:{integration_id}:credentials"


def of_application(channel: str) -> str:
    """Name the owner of the application keys of a channel."""
    return f"application:{channel}"


def of_callbacks(channel: str) -> str:
    """Name the owner of the secret in the address for a channel's callbacks."""
    return f"callbacks:{channel}"


def of_webhooks(integration_id: int) -> str:
    """Name the owner of the secret in the address for an integration's webhooks."""
    return f"integration:{integration_id}:webhooks"


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealed text: whose it is, what people call that, and the token itself."""

    owner: str
    name: str
    token: str
    key: int | str


class SealRepository:
    """What is sealed, wherever it lies."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def find(self) -> list[Seal]:
        """List all, the application keys first."""
        return [*self._applications(), *self._callbacks(), *self._integrations(), *self._webhooks()]

    def token(self, seal: Seal) -> str | None:
        """Give what is sealed there now."""
        key, column = _place(seal)
        return self._connection.execute(select(column).where(key == seal.key)).scalar_one_or_none()

    def replace(self, seal: Seal, token: str) -> bool:
        """Put *token* in the place of *seal*; False where somebody has put another one there meanwhile."""
        key, column = _place(seal)
        change = update(column.table).where(key == seal.key, column == seal.token).values({column: token})
        return self._connection.execute(change).rowcount > 0

    def stopped(self, code: str) -> list[int]:
        """List the integrations that were stopped by a problem with this *code*."""
        columns = integrations.c
        statement = select(columns.id).where(
            columns.connection == ConnectionState.NEEDS_REAUTHORIZATION.value,
            columns.problem_code == code,
            columns.removed_at.is_(None),
        )
        return list(self._connection.execute(statement.order_by(columns.id)).scalars())

    def _applications(self) -> list[Seal]:
        rows = self._connection.execute(select(applications).order_by(applications.c.channel))
        return [
            Seal(of_application(row.channel), f"the application keys of '{row.channel}'", row.document, row.channel)
            for row in rows
        ]

    def _callbacks(self) -> list[Seal]:
        rows = self._connection.execute(select(callbacks).order_by(callbacks.c.channel))
        return [
            Seal(of_callbacks(row.channel), f"the callback address of '{row.channel}'", row.secret, row.channel)
            for row in rows
        ]

    def _integrations(self) -> list[Seal]:
        columns = integrations.c
        statement = select(columns.id, columns.name, columns.credentials).where(columns.credentials.is_not(None))
        return [
            Seal(of_integration(row.id), f"the credentials of '{row.name}'", row.credentials, row.id)
            for row in self._connection.execute(statement.order_by(columns.id))
        ]

    def _webhooks(self) -> list[Seal]:
        columns = webhook_subscriptions.c
        statement = select(columns.integration_id, columns.secret, integrations.c.name).join(integrations)
        return [
            Seal(
                of_webhooks(row.integration_id), f"the webhook address of '{row.name}'", row.secret, row.integration_id
            )
            for row in self._connection.execute(statement.order_by(columns.integration_id))
        ]


def _place(seal: Seal) -> tuple[Column[Any], Column[Any]]:
    """Give the column that names the row, and the one that holds the token."""
    if isinstance(seal.key, int):
        if seal.owner == of_webhooks(seal.key):
            return webhook_subscriptions.c.integration_id, webhook_subscriptions.c.secret
        return integrations.c.id, integrations.c.credentials
    if seal.owner == of_callbacks(seal.key):
        return callbacks.c.channel, callbacks.c.secret
    return applications.c.channel, applications.c.document
