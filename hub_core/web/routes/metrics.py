"""The hub's numbers, for Prometheus."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from fastapi import APIRouter
from starlette.responses import Response

from hub_core.services.measuring import measure
from hub_core.web.access import READ, ScopedRoute, TheHub

router = APIRouter(tags=["health"], route_class=ScopedRoute)

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", dependencies=[READ], response_class=Response)
async def metrics(hub: TheHub) -> Response:
    """Give the numbers of the hub in the text format of Prometheus.

    They name no store and are the same from every process.
    """
    from hub_core.web.exposition import exposed  # noqa: PLC0415 - its library is loaded where somebody wants it

    measured = await measure(hub.parts)
    return Response(await asyncio.to_thread(exposed, measured, version("hub-core")), media_type=_TEXT)
