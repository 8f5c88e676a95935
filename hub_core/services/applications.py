"""The hub operator's own keys with a platform, sealed like credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import SecretStr

from hub_core.domain.errors import InputError
from hub_core.services.checks import validated, written
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from hub_core.services.parts import Parts


class Applications:
    """Sets and shows application keys."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def set(self, channel: str, values: Mapping[str, str]) -> None:
        """Store keys of a channel; those that are not named stay as they are. Raises InputError per field."""
        model = self._model(channel)
        merged = validated(model, {**await self.stored(channel), **values}, "application keys")
        sealed = self._parts.vault.encrypt(json.dumps(written(merged)), _owner(channel))
        now = self._parts.clock.now()
        await self._parts.database.write(
            lambda connection: IntegrationRepository(connection).set_application(channel, sealed, now)
        )

    async def get(self, channel: str) -> dict[str, str]:
        """Give the keys that are no secrets."""
        model = self._model(channel)
        values = await self.stored(channel)
        if not values:
            return {}
        return {name: str(value) for name, value in model.model_validate(values) if not isinstance(value, SecretStr)}

    async def stored(self, channel: str) -> dict[str, str]:
        """Unseal all keys of a channel: for the channel's own use."""
        sealed = await self._parts.database.read(
            lambda connection: IntegrationRepository(connection).application(channel)
        )
        return {} if sealed is None else dict(json.loads(self._parts.vault.decrypt(sealed, _owner(channel))))

    def _model(self, channel: str) -> type[BaseModel]:
        model = self._parts.channels.channel(channel).info.application
        if model is None:
            raise InputError(f"The channel '{channel}' needs no application keys; connect a store right away.")
        return model


def _owner(channel: str) -> str:
    return f"application:{channel}"
