"""The hub operator's own keys with a platform, sealed like credentials."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from pydantic import SecretStr

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import InputError, VaultError
from hub_core.services.callback_addresses import CallbackAddresses
from hub_core.services.checks import validated, written
from hub_core.services.resuming import resume_readable
from hub_core.storage.audit import AuditRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.seals import of_application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.services")


class Applications:
    """Sets and shows application keys."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def set(self, channel: str, values: Mapping[str, str]) -> None:
        """Store keys of a channel; those that are not named stay as they are. Raises InputError per field.

        Where those that are there cannot be read, all must be given, and take their place.
        """
        model = self._model(channel)
        try:
            before = await self.stored(channel)
        except VaultError as error:
            logger.warning("The application keys of '%s' are set anew, all of them: %s", channel, error)
            before = {}
        merged = validated(model, {**before, **values}, "application keys")
        sealed = self._parts.vault.encrypt(json.dumps(written(merged)), of_application(channel))
        now = self._parts.clock.now()
        told = NewAudit("application.set", Subject("channel", channel, channel), after={"keys": sorted(values)})

        def store(connection: Connection) -> None:
            IntegrationRepository(connection).set_application(channel, sealed, now)
            AuditRepository(connection).record(told, now)

        await self._parts.database.write(store)
        await CallbackAddresses(self._parts).make_readable(self._parts.channels.channel(channel))
        await asyncio.to_thread(resume_readable, self._parts)

    async def get(self, channel: str) -> dict[str, str]:
        """Give the keys that are no secrets."""
        model = self._model(channel)
        values = await self.stored(channel)
        if not values:
            return {}
        return {name: str(value) for name, value in model.model_validate(values) if not isinstance(value, SecretStr)}

    async def callback_url(self, channel: str) -> str | None:
        """Give the address at which the platform tells the hub of grants; None while it cannot be read."""
        return await CallbackAddresses(self._parts).address(self._parts.channels.channel(channel))

    async def stored(self, channel: str) -> dict[str, str]:
        """Unseal all keys of a channel: for the channel's own use. Raises VaultError where they cannot be read."""
        sealed = await self._parts.database.read(
            lambda connection: IntegrationRepository(connection).application(channel)
        )
        if sealed is None:
            return {}
        try:
            return dict(json.loads(self._parts.vault.decrypt(sealed, of_application(channel))))
        except VaultError as error:
            raise VaultError(
                f"The application keys of '{channel}' cannot be read: they are damaged, or the key that they were "
                "stored with is not at hand. Put it back into HUB_SECRET_KEYS or the key file and start the hub again, "
                f"or set them anew: hub application set {channel}"
            ) from error

    def _model(self, channel: str) -> type[BaseModel]:
        model = self._parts.channels.channel(channel).info.application
        if model is None:
            raise InputError(f"The channel '{channel}' needs no application keys; connect a store right away.")
        return model
