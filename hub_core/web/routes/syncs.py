"""Runs: asking for one, and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Run
from hub_core.web.access import READ, WRITE, ScopedRoute, TheHub
from hub_core.web.answers import Page, answer, page, whole
from hub_core.web.cursors import Before, decoded
from hub_core.web.paths import Id
from hub_core.web.queries import OfIntegration

router = APIRouter(tags=["syncs"], route_class=ScopedRoute)


class SyncRequest(BaseModel):
    """What is to be synced."""

    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[list[Flow], Field(min_length=1, max_length=20)]


@router.post("/integrations/{integration_id}/syncs", dependencies=[WRITE], status_code=202, response_model=Page[Run])
async def request_syncs(hub: TheHub, integration_id: Id, wanted: SyncRequest) -> Response:
    """Ask for a run of each kind; where one is under way, that one is given."""
    kinds = list(dict.fromkeys(wanted.kinds))
    return whole(Page[Run], await hub.request_sync(integration_id, kinds), 202)


@router.get("/syncs", dependencies=[READ], response_model=Page[Run])
async def list_syncs(hub: TheHub, query: Annotated[OfIntegration, Query()]) -> Response:
    """List the runs, newest first."""
    place = decoded(Before, query.cursor)
    found = await hub.runs.page(
        integration=await query.integration_id(hub),
        before=None if place is None else place.before,
        limit=query.limit + 1,
    )
    return page(Page[Run], found, query.limit, lambda last: Before(before=last.id))


@router.get("/syncs/{run_id}", dependencies=[READ], response_model=Run)
async def show_sync(hub: TheHub, run_id: Id) -> Response:
    """Show one run."""
    return answer(await hub.runs.get(run_id))
