"""Orders that the hub holds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub_core.domain.orders import StoredOrder
from hub_core.storage.order_search import OrderFilter
from hub_core.web.access import READ, WRITE, ScopedRoute, TheHub
from hub_core.web.answers import Page, answer, page, whole
from hub_core.web.cursors import OrderPlace, decoded
from hub_core.web.paths import Id
from hub_core.web.queries import OrderQuery

router = APIRouter(prefix="/orders", tags=["orders"], route_class=ScopedRoute)

Revision = dict[str, Any]


@router.get("", dependencies=[READ], response_model=Page[StoredOrder])
async def list_orders(hub: TheHub, query: Annotated[OrderQuery, Query()]) -> Response:
    """List the orders, the last placed first."""
    place = decoded(OrderPlace, query.cursor)
    wanted = query.model_dump(exclude={"limit", "cursor", "integration"})
    which = OrderFilter(integration=await query.integration_id(hub), **wanted)
    found = await hub.orders.page(which, None if place is None else (place.placed_at, place.id), query.limit + 1)
    return page(Page[StoredOrder], found, query.limit, lambda last: OrderPlace(placed_at=last.placed_at, id=last.id))


@router.get("/{order_id}", dependencies=[READ], response_model=StoredOrder)
async def show_order(hub: TheHub, order_id: Id) -> Response:
    """Show one order."""
    return answer(await hub.orders.get(order_id))


@router.get("/{order_id}/history", dependencies=[READ], response_model=Page[Revision])
async def show_history(hub: TheHub, order_id: Id) -> Response:
    """List the revisions of an order with what changed, oldest first."""
    return whole(Page[Revision], await hub.orders.history(order_id))


@router.post("/{order_id}/erasure", dependencies=[WRITE], response_model=StoredOrder)
async def erase_order(hub: TheHub, order_id: Id) -> Response:
    """Erase an order of its personal data, for good; figures, SKUs and identities stay."""
    return answer(await hub.orders.erase(order_id))
