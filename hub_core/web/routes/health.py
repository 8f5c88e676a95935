"""Is the hub alive: for monitors, without a token."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from hub_core.domain.errors import StorageError
from hub_core.hub import Hub

logger = logging.getLogger("hub_core.web")
router = APIRouter(tags=["health"])

PATIENCE: Final = 5.0
"""Seconds that the database has to answer."""
_SILENT: Final = {"status": "degraded", "database": "does not answer"}


class HealthCheck:
    """Asks the hub how it is; while the database owes an answer, it is not asked again."""

    def __init__(self, hub: Hub, patience: float = PATIENCE) -> None:
        self._hub = hub
        self._patience = patience
        self._asked: asyncio.Task[dict[str, Any]] | None = None

    async def answer(self) -> dict[str, Any] | None:
        """Give what the hub says of itself, or None where the database does not answer."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asked}, timeout=self._patience)
        return self._asked.result() if done else None

    async def _ask(self) -> dict[str, Any]:
        return await self._hub.health()


@router.head("/health", include_in_schema=False)
@router.get("/health")
async def health(request: Request) -> JSONResponse:
    """Tell whether the hub works: `ok`, or `degraded` where an integration needs somebody.

    The status is 503 where the database does not answer.
    """
    check: HealthCheck = request.app.state.health
    try:
        found = await check.answer()
    except StorageError as error:
        logger.warning("The health check failed: %s", error)
        found = None
    return JSONResponse(_SILENT, 503) if found is None else JSONResponse(found)
