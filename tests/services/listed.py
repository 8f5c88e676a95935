"""Listings for tests that are not about how they come in: written as rows, linked by hand."""

from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from hub_core import Hub
from hub_core.services.targets import Targets
from hub_core.storage.tables import listings, pushes
from tests.hubs import rows


def listed(hub: Hub, integration: int, *skus: str | None, **values: Any) -> list[int]:
    """List one thing for each SKU in a store, linked with it, and told what the hub knows."""

    def add(connection: Any) -> list[int]:
        ids = []
        for place, sku in enumerate(skus):
            row = {
                "integration_id": integration,
                "external_id": f"L{place}-{sku}",
                "store_sku": sku,
                "sku": sku,
                "tie": "hub" if sku else "none",
                "name": f"thing {place}",
                "published": True,
                "fractions": False,
                "currency": "USD",
                "seen_at": hub.parts.clock.now(),
                "read_at": hub.parts.clock.now(),
            }
            statement = insert(listings).values({**row, **values}).returning(listings.c.id)
            ids.append(connection.execute(statement).scalar_one())
        Targets(connection, hub.parts.database).of_listings(ids)
        return ids

    return hub.parts.database.write_now(add)


def target(hub: Hub, listing: int, flow: str = "stock") -> Decimal | None:
    """What the store of a listing should be told."""
    found = rows(hub, pushes, pushes.c.listing_id == listing, pushes.c.flow == flow)
    return found[0]["target"] if found else None


def push(hub: Hub, listing: int, flow: str = "stock") -> dict[str, Any]:
    """The row that says how telling a listing stands."""
    (row,) = rows(hub, pushes, pushes.c.listing_id == listing, pushes.c.flow == flow)
    return row
