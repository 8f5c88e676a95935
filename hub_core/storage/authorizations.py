"""Sign-ins at a platform that are under way: only a hash of each state is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from hub_core.storage.tables import authorizations
from hub_core.storage.upserts import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunAuthorization:
    """A sign-in that was begun: for which integration of which channel, by whom and until when it holds."""

    integration_id: int
    channel: str
    begun_by: str
    created_at: datetime
    expires_at: datetime


def new_state() -> str:
    """Make a state of 256 bits."""
    return secrets.token_urlsafe(32)


class AuthorizationRepository:
    """At most one sign-in for each integration: to begin anew ends the one before."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def begin(self, begun: BegunAuthorization, state: str) -> None:
        """Keep a sign-in in place of an earlier one of the same integration."""
        row = {
            "integration_id": begun.integration_id,
            "state_hash": _hash(state),
            "channel": begun.channel,
            "begun_by": begun.begun_by,
            "created_at": begun.created_at,
            "expires_at": begun.expires_at,
            "used_at": None,
        }
        changed = [name for name in row if name != "integration_id"]
        self._connection.execute(upsert(self._connection, authorizations, ("integration_id",), changed), row)

    def known(self, state: str) -> BegunAuthorization | None:
        """Give the sign-in that bears *state*, and leave it there."""
        wanted = _hash(state)
        row = self._connection.execute(select(authorizations).where(authorizations.c.state_hash == wanted)).first()
        # What the index has found is compared once more, in a time that tells nothing.
        if row is None or not hmac.compare_digest(row.state_hash, wanted):
            return None
        return BegunAuthorization(
            integration_id=row.integration_id,
            channel=row.channel,
            begun_by=row.begun_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def use_up(self, state: str, at: datetime) -> bool:
        """Note that the sign-in is answered; False where it was already, so that only one caller may go on with it."""
        unused = authorizations.c.used_at.is_(None)
        used = update(authorizations).where(authorizations.c.state_hash == _hash(state), unused).values(used_at=at)
        return self._connection.execute(used).rowcount > 0

    def answered(self, state: str) -> None:
        """Take a sign-in away whose answer was dealt with."""
        self._connection.execute(delete(authorizations).where(authorizations.c.state_hash == _hash(state)))

    def is_begun(self, integration_id: int, now: datetime) -> bool:
        """Tell whether a sign-in of this integration may still be answered, or its answer is being dealt with."""
        holds = or_(authorizations.c.expires_at > now, authorizations.c.used_at.is_not(None))
        mine = authorizations.c.integration_id == integration_id
        found = select(authorizations.c.integration_id).where(mine, holds)
        return self._connection.execute(found).first() is not None

    def end(self, integration_id: int) -> None:
        """Take away what was begun for an integration."""
        self._connection.execute(delete(authorizations).where(authorizations.c.integration_id == integration_id))


def _hash(state: str) -> bytes:
    """Hash a state; it has 256 random bits, so nothing slower than SHA-256 is called for."""
    return hashlib.sha256(state.encode(errors="surrogatepass")).digest()
