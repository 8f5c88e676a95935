"""Pages of what a store offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub_core.channels.pages import Cursor, Record
from hub_core.domain.listings import Listing


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One page of listings.

    *read* turns one record's text (a product, say) into the listings that it tells of; the core makes a reject of each
    record for which it raises. *cursor* is where to go on after this page.
    """

    records: Sequence[Record]
    read: Callable[[bytes], Sequence[Listing]]
    cursor: Cursor
