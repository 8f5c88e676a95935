"""Access tokens for programs: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field
from sqlalchemy.exc import IntegrityError

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.fact import Fact
from hub_core.domain.tokens import Scope, Token
from hub_core.services.integrations import checked_name
from hub_core.storage.audit import AuditRepository
from hub_core.storage.tokens import TokenRepository, new_secret

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

_USE_NOTED_EVERY = 60.0


class NewToken(Fact):
    """A token as it is shown once, with its secret."""

    name: str
    scope: Scope
    token: str = Field(repr=False)


class Tokens:
    """Makes, lists, checks and revokes tokens."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def create(self, name: str, scope: Scope = Scope.READ) -> NewToken:
        """Make one. Raises ConflictError where *name* is in use."""
        name = checked_name(name)
        secret = new_secret()
        now = self._parts.clock.now()

        def add(connection: Connection) -> None:
            TokenRepository(connection).add(name, scope, secret, now)
            told = NewAudit("token.created", Subject("token", name=name), after={"scope": scope})
            AuditRepository(connection).record(told, now)

        try:
            await self._parts.database.write(add)
        except IntegrityError as error:
            raise ConflictError(
                f"There is a token named '{name}' already; revoke it or choose another name."
            ) from error
        return NewToken(name=name, scope=scope, token=secret)

    async def list(self) -> Sequence[Token]:
        """List those that are in force, newest first."""
        return await self._parts.database.read(lambda connection: TokenRepository(connection).find())

    async def revoke(self, name: str) -> None:
        """Revoke one. Raises NotFoundError."""
        name = " ".join(name.split())
        now = self._parts.clock.now()

        def revoke(connection: Connection) -> bool:
            found = TokenRepository(connection).revoke(name, now)
            if found:
                AuditRepository(connection).record(NewAudit("token.revoked", Subject("token", name=name)), now)
            return found

        if not await self._parts.database.write(revoke):
            raise NotFoundError(f"There is no token named '{name}'; 'hub tokens list' shows them.")

    async def holder(self, secret: str) -> Token | None:
        """Give the token whose secret this is, and note at most once a minute that it was used."""
        token = await self._parts.database.read(lambda connection: TokenRepository(connection).holder(secret))
        now = self._parts.clock.now()
        if token and (token.last_used_at is None or (now - token.last_used_at).total_seconds() > _USE_NOTED_EVERY):
            name = token.name
            await self._parts.database.write(lambda connection: TokenRepository(connection).used(name, now))
        return token
