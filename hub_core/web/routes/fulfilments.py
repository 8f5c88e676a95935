"""What is shipped, and what became of telling the stores."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr
from starlette.responses import Response

from hub_core.domain.fulfilments import Decision, StoredFulfilment
from hub_core.storage.fulfilments import FulfilmentFilter
from hub_core.web.access import READ, WRITE, ScopedRoute, TheHub
from hub_core.web.answers import Page, answer, page, whole
from hub_core.web.cursors import Before, decoded
from hub_core.web.moments import Moment
from hub_core.web.paths import Id
from hub_core.web.queries import FulfilmentQuery

router = APIRouter(tags=["fulfilments"], route_class=ScopedRoute)

_MOST_LINES = 1000


class ShippedLine(BaseModel):
    """So many units of a line; a number, or a text with at most three decimal places."""

    model_config = ConfigDict(extra="forbid")

    external_id: Annotated[StrictStr, Field(min_length=1, max_length=500)]
    quantity: StrictInt | StrictStr


class Shipping(BaseModel):
    """One parcel; without *lines*, all that is left of the order, without *shipped_at*, now."""

    model_config = ConfigDict(extra="forbid")

    tracking_number: StrictStr
    carrier: StrictStr = ""
    lines: Annotated[list[ShippedLine], Field(min_length=1, max_length=_MOST_LINES)] | None = None
    shipped_at: Moment | None = None


class FulfilmentChange(BaseModel):
    """What a person decides: the store has it, is to be told (again), or is not to be told."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision


@router.post(
    "/orders/{order_id}/fulfilments",
    dependencies=[WRITE],
    status_code=201,
    response_model=StoredFulfilment,
    responses={200: {"model": StoredFulfilment, "description": "The same parcel was asked for before."}},
)
async def ship_order(hub: TheHub, order_id: Id, shipping: Shipping) -> Response:
    """Tell the store that goods are under way in one parcel; the same one is told once, however often it is asked."""
    lines = None if shipping.lines is None else [(one.external_id, one.quantity) for one in shipping.lines]
    asked = await hub.fulfilments.ship(
        order_id, shipping.tracking_number, carrier=shipping.carrier, lines=lines, shipped_at=shipping.shipped_at
    )
    return answer(asked.fulfilment, 201 if asked.new else 200)


@router.get("/orders/{order_id}/fulfilments", dependencies=[READ], response_model=Page[StoredFulfilment])
async def list_fulfilments_of_order(hub: TheHub, order_id: Id) -> Response:
    """List the parcels of an order, newest first."""
    return whole(Page[StoredFulfilment], await hub.fulfilments.of(order_id))


@router.get("/fulfilments", dependencies=[READ], response_model=Page[StoredFulfilment])
async def list_fulfilments(hub: TheHub, query: Annotated[FulfilmentQuery, Query()]) -> Response:
    """List the parcels that stores are told of, newest first."""
    place = decoded(Before, query.cursor)
    which = FulfilmentFilter(
        integration=await query.integration_id(hub),
        state=query.state,
        before=None if place is None else place.before,
        limit=query.limit + 1,
    )
    found = await hub.fulfilments.page(which)
    return page(Page[StoredFulfilment], found, query.limit, lambda last: Before(before=last.id))


@router.get("/fulfilments/{fulfilment_id}", dependencies=[READ], response_model=StoredFulfilment)
async def show_fulfilment(hub: TheHub, fulfilment_id: Id) -> Response:
    """Show one parcel."""
    return answer(await hub.fulfilments.get(fulfilment_id))


@router.patch("/fulfilments/{fulfilment_id}", dependencies=[WRITE], response_model=StoredFulfilment)
async def settle_fulfilment(hub: TheHub, fulfilment_id: Id, change: FulfilmentChange) -> Response:
    """Decide of a parcel that is `unknown`: nobody can tell whether its store was told."""
    return answer(await hub.fulfilments.settle(fulfilment_id, change.decision))
