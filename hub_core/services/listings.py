"""What stores offer: looking at it, linking it with SKUs by hand, and letting a held price go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.events import from_to, of_listing
from hub_core.domain.integrations import Flow
from hub_core.domain.listings import Figure, StoredListing
from hub_core.domain.pushes import Waiting
from hub_core.domain.stock import checked_sku
from hub_core.services.batches import batches
from hub_core.services.checks import validated
from hub_core.services.lookup import IntegrationLookup
from hub_core.services.targets import Targets
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.links import LinkRepository
from hub_core.storage.listing_search import ListingFilter, ListingSearch
from hub_core.storage.listings import ListingRepository
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

BATCH = 200


class Listings(IntegrationLookup):
    """Finds, shows and links listings."""

    async def find(
        self, *, integration: int | str | None = None, limit: int | None = None, **which: Any
    ) -> AsyncIterator[StoredListing]:
        """Yield the listings that *which* (the fields of ListingFilter) describes, newest first, in batches.

        Without an *integration*, those of all that are not removed. No lock is held while the caller works.
        """
        of = None if integration is None else (await self._row(integration)).id
        wanted = validated(ListingFilter, {**which, "integration": of}, "filter")

        def page(after: int | None, size: int) -> Awaitable[list[StoredListing]]:
            return self.page(wanted, after, size)

        async for batch in batches(page, None, lambda listing: listing.id, limit=limit, size=BATCH):
            for listing in batch:
                yield listing

    async def page(self, which: ListingFilter, after: int | None = None, limit: int = 50) -> list[StoredListing]:
        """List up to *limit* listings, newest first, from the one with the id *after* on."""
        return await self._parts.database.read(lambda connection: ListingSearch(connection).find(which, after, limit))

    async def get(self, listing_id: int) -> StoredListing:
        """Give one listing. Raises NotFoundError."""
        listing = await self._parts.database.read(lambda connection: ListingSearch(connection).get(listing_id))
        if listing is None:
            raise NotFoundError(f"There is no listing {listing_id}; 'hub listings' lists them.")
        return listing

    async def unheard(self, skus: Collection[str]) -> list[str]:
        """Give those of *skus* of which the hub has no stock row yet, and which no store lists, as they are given."""
        known = await self._parts.database.read(lambda connection: ListingSearch(connection).heard(skus))
        return [sku for sku in skus if sku not in known]

    async def link(self, listing_id: int, sku: str) -> StoredListing:
        """Link a listing with a SKU by hand; that stays, whatever SKU the store writes. Raises InputError."""
        sku = checked_sku(sku)
        return await self._tie(listing_id, sku, "listing.linked")

    async def unlink(self, listing_id: int) -> StoredListing:
        """Cut the link of a listing by hand, so that its store is told nothing; that stays too."""
        return await self._tie(listing_id, None, "listing.unlinked")

    async def confirm(self, listing_id: int) -> StoredListing:
        """Let a price go that is held because it changes by much, or would be with the next push.

        Raises ConflictError where none is to be sent, or what holds it is something else.
        """

        def confirm(connection: Connection, listing: StoredListing) -> None:
            prices = PushRepository(connection, listing.integration_id, Flow.PRICES)
            if listing.prices is None or not _may_be_confirmed(listing.prices):
                raise ConflictError(
                    f"No price of listing {listing_id} waits for a confirmation; nothing is to be done."
                )
            prices.confirm(listing_id)
            data = from_to(listing.prices.acknowledged, listing.prices.target)
            self._tell(connection, listing, "price.confirmed", sku=listing.sku, **data)
            told = NewAudit("price.confirmed", _of(listing), {"price": data["from"]}, {"price": data["to"]})
            self._audit(connection, told)

        return await self._change(listing_id, confirm)

    async def _tie(self, listing_id: int, sku: str | None, event: str) -> StoredListing:
        before = await self.get(listing_id)

        def tie(connection: Connection, listing: StoredListing) -> None:
            LinkRepository(connection).tie(listing_id, sku)
            Targets(connection, self._parts.database).of_listings([listing_id])
            self._tell(connection, listing, event, sku=sku or listing.sku, before=listing.sku)
            self._audit(connection, NewAudit(event, _of(listing), {"sku": listing.sku}, {"sku": sku}))

        return await self._change(listing_id, tie, {one for one in (before.sku, sku) if one is not None})

    async def _change(
        self, listing_id: int, change: Callable[[Connection, StoredListing], None], skus: set[str] | None = None
    ) -> StoredListing:
        """Change a listing as it is now; the levels of *skus* are locked before it, as everywhere."""

        def write(connection: Connection) -> None:
            Targets(connection, self._parts.database).hold(skus or set())
            ListingRepository(connection).lock([listing_id])
            listing = ListingSearch(connection).get(listing_id)
            if listing is None:
                raise NotFoundError(f"There is no listing {listing_id}; 'hub listings' lists them.")
            change(connection, listing)

        await self._parts.database.write(write)
        return await self.get(listing_id)

    def _tell(
        self, connection: Connection, listing: StoredListing, event: str, *, sku: str | None, **data: Any
    ) -> None:
        new = of_listing(event, listing.integration_id, (listing.id, listing.external_id, sku), **data)
        EventRepository(connection).record([new], self._parts.clock.now())

    def _audit(self, connection: Connection, change: NewAudit) -> None:
        AuditRepository(connection).record(change, self._parts.clock.now())


def _may_be_confirmed(price: Figure) -> bool:
    """Tell whether a person's word lets this price go; before a push has looked at it, it does so ahead."""
    if price.waiting is None:
        return price.target is not None and price.target != price.expected
    return price.waiting == Waiting.CONFIRMATION


def _of(listing: StoredListing) -> Subject:
    return Subject("listing", listing.id, listing.external_id)
