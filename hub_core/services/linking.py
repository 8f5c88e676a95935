"""Tying what stores offer to the hub's SKUs, where there is no doubt: exactly one listing of a store bears the SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.storage.links import LinkRepository
from hub_core.storage.targets import TargetRepository

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from hub_core.services.targets import Targets


def link(
    connection: Connection, targets: Targets, integration_id: int, others: Collection[int], *, whole: bool
) -> None:
    """Make, follow and cut the hub's own links of a store that was read, and retarget what that changes.

    Retargeted are *others* too, such as listings that are gone, or the *whole* store. It takes a constant number of
    statements; levels and prices are locked before listings.
    """
    links, rows = LinkRepository(connection), TargetRepository(connection)
    wrong = links.wrong(integration_id)
    skus = {sku for one in wrong for sku in (one.before, one.after) if sku is not None}
    targets.hold(skus | (rows.skus_in(integration_id) if whole else rows.skus_of(others)))
    changed = links.hold(integration_id, wrong)
    links.relink([one.listing_id for one in changed if one.after is not None])
    links.cut([one.listing_id for one in changed if one.after is None])
    if whole:
        targets.of_integration(integration_id)
    else:
        targets.of_listings(links.told([*(one.listing_id for one in changed), *others]))
