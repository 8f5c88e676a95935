"""Data of stores that could not be used."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, StrictBool
from starlette.responses import Response

from hub_core.domain.orders import StoredOrder
from hub_core.domain.rejects import Reject
from hub_core.web.access import READ, WRITE, ScopedRoute, TheHub
from hub_core.web.answers import Page, answer, page
from hub_core.web.cursors import Before, decoded
from hub_core.web.paths import Id
from hub_core.web.queries import RejectQuery

router = APIRouter(prefix="/rejects", tags=["rejects"], route_class=ScopedRoute)


class RejectChange(BaseModel):
    """Whether a reject is put aside: then it asks for no attention until it is taken up again."""

    model_config = ConfigDict(extra="forbid")

    aside: StrictBool


class Retried(BaseModel):
    """What reading a reject again brought: the *order*, or the *reject* with the reason of today."""

    order: StoredOrder | None = None
    reject: Reject | None = None


@router.get("", dependencies=[READ], response_model=Page[Reject])
async def list_rejects(hub: TheHub, query: Annotated[RejectQuery, Query()]) -> Response:
    """List the rejects, newest first; by default those that ask for attention."""
    place = decoded(Before, query.cursor)
    found = await hub.rejects.page(
        integration=await query.integration_id(hub),
        before=None if place is None else place.before,
        limit=query.limit + 1,
        states=(query.state,),
    )
    return page(Page[Reject], found, query.limit, lambda last: Before(before=last.id))


@router.get("/{reject_id}", dependencies=[READ], response_model=Reject)
async def show_reject(hub: TheHub, reject_id: Id) -> Response:
    """Show one reject."""
    return answer(await hub.rejects.get(reject_id))


@router.post("/{reject_id}/retry", dependencies=[WRITE], response_model=Retried)
async def retry_reject(hub: TheHub, reject_id: Id) -> Response:
    """Read the text of a reject again with the plugin of today."""
    found = await hub.rejects.retry(reject_id)
    return answer(Retried(reject=found) if isinstance(found, Reject) else Retried(order=found))


@router.patch("/{reject_id}", dependencies=[WRITE], response_model=Reject)
async def put_reject_aside(hub: TheHub, reject_id: Id, change: RejectChange) -> Response:
    """Put a reject aside, or take it up again."""
    return answer(await hub.rejects.put_aside(reject_id, aside=change.aside))


@router.delete("/{reject_id}", dependencies=[WRITE], status_code=204)
async def discard_reject(hub: TheHub, reject_id: Id) -> Response:
    """Discard a reject, for good."""
    await hub.rejects.discard(reject_id)
    return Response(status_code=204)
