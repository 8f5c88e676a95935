"""Sales, summed up."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from hub_core.domain.fact import Fact
from hub_core.domain.money import Money


class ReportBy(StrEnum):
    """What a sales report has one row for."""

    INTEGRATION = "integration"
    DAY = "day"
    SKU = "sku"


class SalesRow(Fact):
    """One row of a sales report, in one currency; what it is not split by is None. Cancelled orders are left out."""

    integration_id: int | None = None
    integration: str | None = None
    removed: bool | None = None
    day: str | None = None
    sku: str | None = None
    orders: int
    units: Decimal
    sales: Money
