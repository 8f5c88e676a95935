"""Taking a store's figures as the first levels of the hub."""

from __future__ import annotations

from decimal import Decimal

from hub_core.domain.fact import Fact


class Skipped(Fact):
    """A listing whose figure becomes no level, and why."""

    listing_id: int
    external_id: str
    sku: str | None
    reason: str


class Adoption(Fact):
    """The figures of a store that become (or became) levels, by SKU: true up to the event *after_event*."""

    integration: str
    levels: dict[str, Decimal]
    skipped: tuple[Skipped, ...]
    after_event: int
