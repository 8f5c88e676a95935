"""Reading a page of listings, and looking over what a database could hold of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hub_core.channels.dispatch import read_listings
from hub_core.domain.rejects import NewReject
from hub_core.domain.stock import LONGEST_SKU

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub_core.channels.listing_pages import ListingPage
    from hub_core.channels.pages import Record
    from hub_core.domain.listings import Listing

_LARGEST: Final = Decimal(10) ** 12
_SMALLEST: Final = -12


@dataclass(slots=True)
class SiftedListings:
    """A page, read: its listings by external id, what cannot be used, and which records were read well.

    *unread* names the records that could not be read; *blind* tells that there are some which nobody can name.
    """

    listings: dict[str, Listing] = field(default_factory=dict)
    rejects: list[NewReject] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    blind: bool = False


def sift_listings(channel: str, page: ListingPage) -> SiftedListings:
    """Read all records of *page*; one of which anything cannot be stored is rejected whole."""
    sifted = SiftedListings()
    results = list(read_listings(channel, page))
    are_plain = _are_plain([listing for _, result in results if not isinstance(result, str) for listing in result])
    for record, result in results:
        reason = result if isinstance(result, str) else None if are_plain else _fault_of(result)
        name = record.external_id
        if name and not (name.isalnum() and name.isascii() and len(name) <= LONGEST_SKU):
            name = _storable(name)[:LONGEST_SKU]
        if reason is not None:
            sifted.rejects.append(_reject(record, name, reason))
            sifted.unread |= {name} if name else set()
            sifted.blind = sifted.blind or not name
        elif not isinstance(result, str):
            for listing in result:
                sifted.listings[listing.external_id] = listing
            if name:
                sifted.read.add(name)
    return sifted


def _reject(record: Record, name: str | None, reason: str) -> NewReject:
    return NewReject(external_id=name, reason=_storable(reason), raw=record.raw.decode(errors="replace"))


def _are_plain(told: Sequence[Listing]) -> bool:
    """Tell, of nearly all pages, at one glance that nothing is wrong with their listings."""
    keys = [text for one in told for text in (one.external_id, one.sku, one.parent) if text]
    priced = [(one.price, one.sale_price) for one in told]
    figures = [price.amount for pair in priced for price in pair if price is not None]
    figures += [one.stock for one in told if one.stock is not None]
    whole = "".join((*keys, *(one.name for one in told)))
    return (
        all(one.external_id.strip() for one in told)
        and _storable(whole) == whole
        and max(map(len, keys), default=0) <= LONGEST_SKU
        and not any(regular and sale and regular.currency != sale.currency for regular, sale in priced)
        and all(map(Decimal.is_finite, figures))
        and all(map(_is_measurable, set(figures)))
    )


def _fault_of(listings: Sequence[Listing]) -> str | None:
    """Say why no database could hold some listings, or nobody know what they mean."""
    for listing in listings:
        for fault in _faults(listing):
            return f"The listing cannot be stored: {fault}."
    return None


def _faults(listing: Listing) -> Iterator[str]:
    keys = [listing.external_id, listing.sku or "", listing.parent or ""]
    if not listing.external_id.strip():
        yield "it has no id"
    if any(_storable(text) != text for text in (*keys, listing.name)):
        yield "an id, its SKU or its name holds a character that cannot be stored"
    if max(map(len, keys)) > LONGEST_SKU:
        yield f"an id or its SKU has more than {LONGEST_SKU} characters"
    prices = [price for price in (listing.price, listing.sale_price) if price is not None]
    if len({price.currency for price in prices}) > 1:
        yield "its prices are in two currencies"
    if not all(map(_is_measurable, [*(price.amount for price in prices), listing.stock or Decimal(0)])):
        yield "its stock or a price is no figure that anybody could mean"


def _is_measurable(figure: Decimal) -> bool:
    exponent = figure.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= _SMALLEST and abs(figure) < _LARGEST


def _storable(text: str) -> str:
    """Give *text* without halves of signs and zero characters, which no database takes."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
