"""What happened, in order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub_core.domain.events import Event
from hub_core.web.access import READ, ScopedRoute, TheHub
from hub_core.web.answers import Page, page
from hub_core.web.cursors import After, decoded
from hub_core.web.queries import EventQuery

router = APIRouter(prefix="/events", tags=["events"], route_class=ScopedRoute)


@router.get("", dependencies=[READ], response_model=Page[Event])
async def list_events(hub: TheHub, query: Annotated[EventQuery, Query()]) -> Response:
    """List what happened after an event, oldest first."""
    place = decoded(After, query.cursor)
    found = await hub.events.after(
        query.after if place is None else place.after,
        limit=query.limit + 1,
        integration=await query.integration_id(hub),
        type=query.type,
        history=query.history,
    )
    return page(Page[Event], found, query.limit, lambda last: After(after=last.id))
