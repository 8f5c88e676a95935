"""Telling a channel what becomes of its integrations."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from hub_core.channels.telling import tell
from hub_core.domain.errors import HubError
from hub_core.services.handles import Handles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import BaseModel

    from hub_core.domain.integrations import IntegrationChange
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.services")

FAREWELL_SECONDS = 10.0
"""How long a channel may take to react; nothing waits for it but the one who asked for the change."""
_HOOK: Final = "integration_changed"


class Announcer:
    """Tells a channel of a change once it was made."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handles = Handles(parts)

    @asynccontextmanager
    async def after(
        self, row: IntegrationRow, change: IntegrationChange, credentials: BaseModel | None = None
    ) -> AsyncIterator[None]:
        """Make the change within; then the channel hears of it, by credentials that the hub may no longer have."""
        channel = self._parts.channels.channels.get(row.channel)
        has_credentials = credentials is not None or row.credentials is not None
        if channel is None or not channel.implements(_HOOK) or not has_credentials:
            yield
            return
        async with AsyncExitStack() as open_store:
            store = None
            try:
                opened = self._handles.store(channel, row, credentials=credentials)
                store = await open_store.enter_async_context(opened)
            except HubError as error:
                logger.warning("'%s' could not be told that '%s' was %s: %s", channel.key, row.name, change, error)
            yield
            if store is not None:
                await tell([channel], _HOOK, deadline=FAREWELL_SECONDS, store=store, change=change)
