"""Taking over what people had decided of a store's listings, for a store that was removed and is connected anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.audit import NewAudit
from hub_core.domain.errors import ConflictError
from hub_core.domain.events import NewEvent
from hub_core.domain.fact import Fact
from hub_core.domain.listings import Tie
from hub_core.services.auditing import of
from hub_core.services.lookup import IntegrationLookup, locked
from hub_core.services.targets import Targets
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.heirs import HeirRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.listings import ListingRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub_core.storage.heirs import Heir
    from hub_core.storage.integrations import IntegrationRow


class Inheritance(Fact):
    """How many links, and cuts of links, that people made under an earlier identity the listings can have, or got."""

    linked: int
    cut: int


class Inheriting(IntegrationLookup):
    """Takes links over."""

    async def take_over_links(self, integration: int | str, *, dry_run: bool = False) -> Inheritance:
        """Give the listings of a store that is connected anew the links that people had made, or cut, before.

        Listings are the same by their external ids; what a person has decided since stays. In a *dry_run* nothing is
        changed. Raises ConflictError where no removed integration held this store.
        """
        row = await self._present(integration)
        earlier = await self._parts.database.read(
            lambda connection: tuple(IntegrationRepository(connection).identities_before(row))
        )
        if not earlier:
            raise ConflictError(f"No removed integration held the store of '{row.name}', so there are no links of it.")
        if dry_run:
            found = await self._parts.database.read(
                lambda connection: HeirRepository(connection, row.id, earlier).find()
            )
            return _counted(found)
        return await self._parts.database.write(lambda connection: self._take(connection, row, earlier))

    def _take(self, connection: Connection, row: IntegrationRow, earlier: Sequence[int]) -> Inheritance:
        fresh, heirs = locked(connection, row), HeirRepository(connection, row.id, earlier)
        targets, ids = Targets(connection, self._parts.database), [one.listing_id for one in heirs.find()]
        targets.hold({sku for one in heirs.find() for sku in (one.before, one.sku) if sku is not None})
        ListingRepository(connection).lock(ids)
        found = [one for one in heirs.find() if one.listing_id in set(ids)]  # as they are, now that they are locked
        heirs.tie(found)
        targets.of_listings([one.listing_id for one in found])
        counted = _counted(found)
        if found:
            now, told = self._parts.clock.now(), counted.model_dump()
            event = NewEvent("listings.links_taken_over", row.id, data={"name": fresh.name, **told})
            EventRepository(connection).record([event], now)
            AuditRepository(connection).record(NewAudit("listings.links_taken_over", of(fresh), None, told), now)
        return counted


def _counted(found: Sequence[Heir]) -> Inheritance:
    cut = sum(one.tie == Tie.CUT for one in found)
    return Inheritance(linked=len(found) - cut, cut=cut)
