"""Who changed what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub_core.domain.audit import AuditRow
from hub_core.web.access import ADMIN, ScopedRoute, TheHub
from hub_core.web.answers import Page, page
from hub_core.web.cursors import After, decoded
from hub_core.web.queries import AuditQuery

router = APIRouter(prefix="/audit", tags=["audit"], route_class=ScopedRoute)


@router.get("", dependencies=[ADMIN], response_model=Page[AuditRow])
async def list_changes(hub: TheHub, query: Annotated[AuditQuery, Query()]) -> Response:
    """List what people, tokens, commands, programs and plugins changed, oldest first."""
    place = decoded(After, query.cursor)
    found = await hub.audit.page(after=query.after if place is None else place.after, limit=query.limit + 1)
    return page(Page[AuditRow], found, query.limit, lambda last: After(after=last.id))
