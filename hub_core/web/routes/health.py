"""Is the hub alive: the one address that needs no token."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from hub_core.web.health import HealthCheck

router = APIRouter(tags=["health"])


@router.head("/health", include_in_schema=False)
@router.get("/health")
async def health(request: Request) -> JSONResponse:
    """Tell whether the hub works: `ok`, or `degraded` where an integration needs somebody.

    The status is 503 where the database does not answer.
    """
    check: HealthCheck = request.app.state.health
    return await check.respond()
