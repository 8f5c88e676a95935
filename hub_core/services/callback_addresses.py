"""The address at which a platform tells the hub of grants and revocations: one for each channel, and unguessable."""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import TYPE_CHECKING

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import VaultError
from hub_core.storage.audit import AuditRepository
from hub_core.storage.callbacks import CallbackRepository
from hub_core.storage.seals import of_callbacks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.services")


class CallbackAddresses:
    """Makes and knows the addresses."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def address(self, channel: Channel) -> str | None:
        """Give the address, made when first asked for; of a channel that hears no callbacks, where merchants come back.

        None where it cannot be read for want of its key: with the key it is back, and with application keys that are
        set anew there is another one.
        """
        if not channel.implements("receive_callback"):
            return self.return_url(channel)
        try:
            secret = await self._secret(channel) or await self._made(channel)
        except VaultError as error:
            logger.warning("The callback address of '%s' is not at hand: %s", channel.key, error)
            return None
        return f"{self._parts.public_url}/callbacks/{channel.key}/{secret}"

    def return_url(self, channel: Channel) -> str:
        """Give the address to which the platform sends merchants back after they have signed in there."""
        return f"{self._parts.public_url}/authorizations/{channel.key}"

    async def is_right(self, channel: Channel, secret: str) -> bool:
        """Tell, in a time that tells nothing, whether *secret* is the one in the address."""
        known = await self._secret(channel) if channel.implements("receive_callback") else None
        return hmac.compare_digest((known or secrets.token_urlsafe(32)).encode(), secret.encode(errors="replace"))

    async def make_readable(self, channel: Channel) -> None:
        """Make another address where the present one cannot be read; the platform must be told it."""
        try:
            await self._secret(channel)
        except VaultError as error:
            logger.warning("The callback address of '%s' is made anew; register it again: %s", channel.key, error)
            sealed, now = self._sealed(channel), self._parts.clock.now()
            told = NewAudit("callback_address.replaced", Subject("channel", channel.key, channel.key))

            def replace(connection: Connection) -> None:
                CallbackRepository(connection).replace(channel.key, sealed, now)
                AuditRepository(connection).record(told, now)

            await self._parts.database.write(replace)

    async def _made(self, channel: Channel) -> str:
        """Make a secret, unless another process has just done so; give the one that is kept."""
        sealed, now = self._sealed(channel), self._parts.clock.now()
        kept = await self._parts.database.write(
            lambda connection: CallbackRepository(connection).keep(channel.key, sealed, now)
        )
        return self._parts.vault.decrypt(kept, of_callbacks(channel.key))

    def _sealed(self, channel: Channel) -> str:
        return self._parts.vault.encrypt(secrets.token_urlsafe(32), of_callbacks(channel.key))

    async def _secret(self, channel: Channel) -> str | None:
        sealed = await self._parts.database.read(lambda connection: CallbackRepository(connection).secret(channel.key))
        return None if sealed is None else self._parts.vault.decrypt(sealed, of_callbacks(channel.key))
