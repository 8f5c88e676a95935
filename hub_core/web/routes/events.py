"""What happened, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from hub_core.domain.events import Event
from hub_core.domain.tokens import Scope
from hub_core.web.access import READ, Needs, ScopedRoute, TheHub
from hub_core.web.answers import Page, page
from hub_core.web.cursors import After, RowId, decoded
from hub_core.web.live import MEDIA_TYPE, LiveEvents
from hub_core.web.queries import EventQuery

router = APIRouter(prefix="/events", tags=["events"], route_class=ScopedRoute)

LastEventId = Annotated[
    RowId | None, Header(alias="Last-Event-ID", description="where a stream goes on; outdoes *after*")
]
_LIVE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


@router.get("", dependencies=[READ], response_model=Page[Event], responses=_LIVE)
async def list_events(
    request: Request, hub: TheHub, query: Annotated[EventQuery, Query()], last_event_id: LastEventId = None
) -> Response:
    """List what happened after an event, oldest first.

    With `Accept: text/event-stream` the list never ends: each event is sent as it happens, under its number as id.
    """
    place = decoded(After, query.cursor)
    after = query.after if place is None else place.after
    integration = await query.integration_id(hub)
    if _wants_stream(request.headers.get("accept", "")):
        return LiveEvents(
            hub,
            after if last_event_id is None else last_event_id,
            wanted=_filter(query, integration),
            admit=lambda: Needs(Scope.READ).admit(request),
            closing=request.app.state.closing,
        )
    found = await hub.events.after(
        after, limit=query.limit + 1, integration=integration, type=query.type, history=query.history
    )
    return page(Page[Event], found, query.limit, lambda last: After(after=last.id))


def _wants_stream(accept: str) -> bool:
    """Tell whether a stream is accepted, and not JSON before it."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    return MEDIA_TYPE in kinds and "application/json" not in kinds[: kinds.index(MEDIA_TYPE)]


def _filter(query: EventQuery, integration: int | None) -> Callable[[Event], bool]:
    """Give the filters of a list for one event: a stream that asked the database for few would search it in vain."""

    def wanted(event: Event) -> bool:
        return (
            integration in (None, event.integration_id)
            and query.type in (None, event.type)
            and (query.history or not _was_there(event))
        )

    return wanted


def _was_there(event: Event) -> bool:
    again = event.type == "order.created" and event.data.get("same_as") is not None
    return again or event.data.get("history") is True
