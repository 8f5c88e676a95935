"""Listings: what a store offers, and how the hub ties it to its own SKUs."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, JsonValue

from hub_core.domain.fact import Fact
from hub_core.domain.money import Money


class Listing(Fact):
    """One thing that a store offers and keeps a figure of, as the store told it.

    *external_id* names it in the store, as the lines of its orders do. *sku* is the store's own text. *handle* is any
    JSON that pushes get back, such as an option code. *parent* names the product that a variant belongs to; only what
    can be sold is a listing, so the product itself is none where it has variants. *fractions*: it is sold by parts of
    a unit. *stock* is None where the store keeps no count of it. *price* is the regular price.
    """

    external_id: str
    sku: str | None = None
    name: str = ""
    parent: str | None = None
    handle: JsonValue = None
    published: bool = True
    fractions: bool = False
    stock: Decimal | None = None
    price: Money | None = None
    sale_price: Money | None = None


class Tie(StrEnum):
    """How a listing came to its SKU: `hub` by its own text, `person` by hand, `cut` by hand so that it has none."""

    NONE = "none"
    HUB = "hub"
    PERSON = "person"
    CUT = "cut"


class ListingState(StrEnum):
    """How a listing stands, the first that is true of these."""

    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    DRIFTED = "drifted"
    HELD = "held"
    REFUSED = "refused"
    FAILED = "failed"
    PENDING = "pending"
    IN_STEP = "in_step"


class Figure(Fact):
    """What a store should be told of a listing, what it is thought to have, and what it last confirmed.

    For stock in units, for prices in the listing's currency. *waiting* says why *target* is not sent now.
    """

    target: Decimal | None
    expected: Decimal | None
    acknowledged: Decimal | None
    waiting: str | None = None
    reason: str = ""
    sent_at: AwareDatetime | None = None


class StoredListing(Fact):
    """A listing as the hub holds it. *sku* is the hub's SKU that it is linked with, *store_sku* the store's text."""

    id: int
    integration_id: int
    external_id: str
    parent: str | None
    name: str
    sku: str | None
    store_sku: str | None
    tie: Tie
    state: ListingState
    reason: str
    published: bool
    price: Money | None
    sale_price: Money | None
    stock: Figure | None = None
    prices: Figure | None = None
    seen_at: AwareDatetime
    gone_at: AwareDatetime | None = None
