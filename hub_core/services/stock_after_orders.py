"""What a complete read of a store's orders means for its stock: raises may go out, and drift that stays is drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.events import NewEvent, from_to, of_listing
from hub_core.storage.events import EventRepository
from hub_core.storage.expectations import Expectations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.storage.expectations import Drift


def note_complete_read(connection: Connection, integration_id: int, began: datetime, now: datetime) -> None:
    """Let go what waited for a read of new orders that *began* then, and say which figures it does not explain.

    The listings that are let go are due by that alone.
    """
    drifts = Expectations(connection, integration_id).after_read(began)
    EventRepository(connection).record([_said(integration_id, drift) for drift in drifts], now)


def _said(integration_id: int, drift: Drift) -> NewEvent:
    listing = (drift.listing_id, drift.external_id, drift.sku)
    return of_listing("stock.drifted", integration_id, listing, **from_to(drift.had, drift.target))
