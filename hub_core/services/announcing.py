"""Telling a channel what becomes of its integrations."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from hub_core.channels.telling import tell
from hub_core.domain.errors import HubError
from hub_core.services.handles import Handles

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.channels.store import Store
    from hub_core.domain.integrations import Flow, IntegrationChange
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

    async def change(
        self,
        row: IntegrationRow,
        write: Callable[[Connection], IntegrationChange | None],
        credentials: BaseModel | None = None,
        flow: Flow | None = None,
    ) -> None:
        """Make a change, of one *flow* or the whole, in one transaction; let the channel hear which, unless none.

        The store is opened before, since the hub may have no credentials for it any more once they are destroyed.
        """
        async with AsyncExitStack() as open_store:
            store = await self._opened(open_store, row, credentials)
            change = await self._parts.database.write(write)
            channel = self._parts.channels.channels.get(row.channel)
            if store is not None and change is not None and channel is not None:
                await tell([channel], _HOOK, deadline=FAREWELL_SECONDS, store=store, change=change, flow=flow)

    async def _opened(self, stack: AsyncExitStack, row: IntegrationRow, credentials: BaseModel | None) -> Store | None:
        """Open the store for a channel that wants to hear of it; None where nobody can be told."""
        channel = self._parts.channels.channels.get(row.channel)
        has_credentials = credentials is not None or row.credentials is not None
        if channel is None or not channel.implements(_HOOK) or not has_credentials:
            return None
        try:
            return await stack.enter_async_context(self._handles.store(channel, row, credentials=credentials))
        except HubError as error:
            logger.warning("'%s' will not be told what becomes of '%s': %s", channel.key, row.name, error)
            return None
