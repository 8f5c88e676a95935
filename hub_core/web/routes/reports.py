"""What was sold, summed up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub_core.domain.reports import SalesRow
from hub_core.web.access import READ, ScopedRoute, TheHub
from hub_core.web.answers import Page, whole
from hub_core.web.queries import SalesQuery

router = APIRouter(prefix="/reports", tags=["reports"], route_class=ScopedRoute)


@router.get("/sales", dependencies=[READ], response_model=Page[SalesRow])
async def report_sales(hub: TheHub, query: Annotated[SalesQuery, Query()]) -> Response:
    """Sum up orders, units and sales, with one row per currency; cancelled orders are left out, days are UTC's."""
    return whole(Page[SalesRow], await hub.reports.sales(query.by, query.since, query.until))
