"""Access tokens: only a hash of each secret is kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from hub_core.domain.tokens import Scope, Token
from hub_core.storage.tables import tokens

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_PREFIX = "hub_"


def new_secret() -> str:
    """Make a secret of 256 bits."""
    return _PREFIX + secrets.token_urlsafe(32)


class TokenRepository:
    """Tokens as rows."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def add(self, name: str, scope: Scope, secret: str, at: datetime) -> None:
        """Add one; raises the database's IntegrityError where *name* is in use."""
        row = {"name": name, "scope": scope.value, "secret_hash": _hash(secret), "created_at": at}
        self._connection.execute(insert(tokens).values(row))

    def find(self) -> list[Token]:
        """List those that are not revoked, newest first."""
        rows = self._connection.execute(
            select(tokens).where(tokens.c.revoked_at.is_(None)).order_by(tokens.c.id.desc())
        )
        return [_token(row) for row in rows]

    def holder(self, secret: str) -> Token | None:
        """Give the token whose secret this is."""
        statement = select(tokens).where(tokens.c.secret_hash == _hash(secret), tokens.c.revoked_at.is_(None))
        row = self._connection.execute(statement).first()
        return None if row is None else _token(row)

    def used(self, name: str, at: datetime) -> None:
        """Note when a token was used last."""
        self._connection.execute(
            update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(last_used_at=at)
        )

    def revoke(self, name: str, at: datetime) -> bool:
        """Revoke one; tell whether there was one."""
        result = self._connection.execute(
            update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
        )
        return result.rowcount > 0


def _hash(secret: str) -> bytes:
    """Hash a secret; it has 256 random bits, so nothing slower than SHA-256 is called for."""
    return hashlib.sha256(secret.encode()).digest()


def _token(row: Row[Any]) -> Token:
    return Token(name=row.name, scope=Scope(row.scope), created_at=row.created_at, last_used_at=row.last_used_at)
