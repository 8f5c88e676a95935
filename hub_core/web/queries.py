"""What lists can be asked for; a filter that is not named here is refused."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub_core.domain.errors import InputError, NotFoundError
from hub_core.domain.fulfilments import FulfilmentState
from hub_core.domain.orders import OrderStatus
from hub_core.domain.rejects import RejectState
from hub_core.domain.reports import ReportBy
from hub_core.hub import Hub
from hub_core.web.cursors import RowId
from hub_core.web.moments import Moment

LONGEST_PAGE: Final = 200
_LONGEST_ID: Final = 18

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A text to look for, of one line."""


class ListQuery(BaseModel):
    """What every list takes: how many items, and the `next_cursor` of the page before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: Annotated[str, StringConstraints(max_length=1000)] | None = None


class OfIntegration(ListQuery):
    """A list that can be narrowed to one integration, by its id or name."""

    integration: Text | None = None

    async def integration_id(self, hub: Hub) -> int | None:
        """Find the integration that is meant. Raises InputError where there is none."""
        if self.integration is None:
            return None
        is_id = self.integration.isascii() and self.integration.isdecimal() and len(self.integration) <= _LONGEST_ID
        try:
            return (await hub.integrations.get(int(self.integration) if is_id else self.integration)).id
        except NotFoundError as error:
            raise InputError(str(error), fields={"integration": str(error)}) from error


class IntegrationQuery(ListQuery):
    """Which integrations: those that are there, or those that were removed."""

    removed: bool = False


class OrderQuery(OfIntegration):
    """Which orders. *placed_after* and *updated_after* include the moment, *placed_before* does not."""

    status: OrderStatus | None = None
    placed_after: Moment | None = None
    placed_before: Moment | None = None
    updated_after: Moment | None = None
    number: Text | None = None
    sku: Text | None = None
    q: Annotated[Text | None, Field(description="found in numbers, buyers and SKUs")] = None


class RejectQuery(OfIntegration):
    """Which rejects: by default those that ask for attention."""

    state: RejectState = RejectState.OPEN


class FulfilmentQuery(OfIntegration):
    """Which fulfilments."""

    state: FulfilmentState | None = None


class EventQuery(OfIntegration):
    """Which events: those with an id greater than *after*; *history* false leaves out what was there before the hub."""

    after: RowId = 0
    type: Text | None = None
    history: bool = True


class AuditQuery(ListQuery):
    """Which changes: those with an id greater than *after*."""

    after: RowId = 0


class SalesQuery(BaseModel):
    """Which sales: of orders placed from *since* on and before *until*; *by* is what there is one row for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: ReportBy = ReportBy.INTEGRATION
    since: Moment | None = None
    until: Moment | None = None


def refuse_repeats(request: Request) -> None:
    """Refuse a filter that is given twice: one of its values would be passed over in silence."""
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = {name: "Give this once." for name in sorted(set(names)) if names.count(name) > 1}
    if repeated:
        raise InputError(f"Given more than once: {', '.join(repeated)}.", fields=repeated)
