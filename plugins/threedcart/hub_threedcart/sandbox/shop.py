"""One 3DCart store of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub_core.testing.store import Record, Shelf, Shop
from hub_threedcart.sandbox.statuses import LABELS

RIGHTS = frozenset({"orders:read", "orders:write", "products:read", "products:write", "store_settings:read"})
PUBLIC_KEY = "12121212121212121212121212121212"
PRIVATE_KEY = "56565656565656565656565656565656"
NOTHING_KINDS = ("404", "400", "500", "empty", "array")


@dataclass(frozen=True, slots=True)
class OrderFacets:
    """What orders are searched by; the times are those of the store's wall clock."""

    placed: datetime | None
    updated: datetime | None
    status: int
    number: int
    prefix: str
    email: str


@dataclass(frozen=True, slots=True)
class ProductFacets:
    """What products are searched by, beside what the store's goods tell."""

    updated: datetime


OrderRecord = Record[OrderFacets]
ProductRecord = Record[ProductFacets]


@dataclass
class Numbers:
    """The numbers that the store hands out next; *spare_orders* are carts that never became orders so far."""

    order: int = 2001
    invoice: int = 1001
    item: int = 90001
    transaction: int = 7001
    answer: int = 501
    shipment: int = 881
    spare_orders: list[int] = field(default_factory=list)

    def take(self, name: str) -> int:
        """Hand out the next number of this kind."""
        number: int = getattr(self, name)
        setattr(self, name, number + 1)
        return number


@dataclass
class ThreeDCartShop(Shop):
    """A 3DCart store: its address and keys, and the ways in which such stores differ.

    *consents* tells whether its owner lets an app in that asks for it by OAuth, *codes* are those that were given for
    it, *callback_url* is where the platform posts that the owner adds or removes the app. *nothing* is how it says that
    a list has no rows (see `NOTHING_KINDS`); with *empty_count* false a count of nothing is said that way too, else it
    is 0. *page_cap* limits the rows of a page below the documented maximum.
    """

    address: str = "https://demo-store.3dcartstores.example"
    public_key: str = PUBLIC_KEY
    private_key: str = PRIVATE_KEY
    consents: bool = True
    codes: set[str] = field(default_factory=set)
    callback_url: str = ""
    token: str = ""
    bearer: str = ""
    title: str = "Demo Store"
    currency: str = "USD"
    timezone_text: str = ""
    labels: dict[int, str] = field(default_factory=lambda: dict(LABELS))
    nothing: str = "404"
    empty_count: bool = True
    page_cap: int | None = None
    numbers: Numbers = field(default_factory=Numbers)
    orders: Shelf[OrderFacets] = field(default_factory=Shelf)
    products: Shelf[ProductFacets] = field(default_factory=Shelf)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that open the store, way A."""
        return {"SecureURL": self.address, "PrivateKey": self.private_key, "Token": self.token}

    @property
    def bearer_headers(self) -> Mapping[str, str]:
        """The headers that open the store, way B."""
        return {"Authorization": f"Bearer {self.bearer}"}


def bare_host(address: str) -> str:
    """Reduce a store's address to what identifies it, whatever way it is spelt."""
    host = address.strip().lower().partition("://")
    return (host[2] or host[0]).partition("/")[0].removeprefix("www.")
