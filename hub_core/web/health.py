"""Is the hub alive: for monitors, without a token."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse

from hub_core.domain.errors import StorageError

if TYPE_CHECKING:
    from hub_core.hub import Hub

logger = logging.getLogger("hub_core.web")

PATIENCE: Final = 5.0
"""Seconds that the database has to answer."""
_SILENT: Final = {"status": "degraded", "database": "does not answer"}


class HealthCheck:
    """Asks the hub how it is; while the database owes an answer, it is not asked again."""

    def __init__(self, hub: Hub, patience: float = PATIENCE) -> None:
        self._hub = hub
        self._patience = patience
        self._asked: asyncio.Task[dict[str, Any]] | None = None

    async def respond(self) -> JSONResponse:
        """Answer a monitor: what the hub says of itself, or 503 where the database does not answer."""
        try:
            found = await self._found()
        except StorageError as error:
            logger.warning("The health check failed: %s", error)
            found = None
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(_SILENT, 503, headers) if found is None else JSONResponse(found, headers=headers)

    async def _found(self) -> dict[str, Any] | None:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asked}, timeout=self._patience)
        return self._asked.result() if done else None

    async def _ask(self) -> dict[str, Any]:
        return await self._hub.health()
