"""What a change of many figures will do, told before it is done."""

from __future__ import annotations

from decimal import Decimal

from hub_core.domain.fact import Fact


class Planned(Fact):
    """One figure that will change, from *before* (None where there was none) to *after*; prices have a *currency*."""

    sku: str
    currency: str | None = None
    before: Decimal | None
    after: Decimal


class Plan(Fact):
    """All figures that will change, and how many stay. *event* is the newest one that this was reckoned with."""

    changes: tuple[Planned, ...]
    unchanged: int
    event: int
