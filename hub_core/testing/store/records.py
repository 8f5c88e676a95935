"""What a store sells and has sold, in no platform's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Person:
    """A buyer or receiver with an address, as typed by a shopper."""

    first: str
    last: str
    company: str
    street: str
    street2: str
    city: str
    region: str
    postcode: str
    country: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice of a product that has choices, such as a size; *sku* may be empty."""

    number: int
    sku: str
    name: str
    price: Decimal
    stock: int


@dataclass(frozen=True, slots=True)
class Product:
    """Something on sale; *parts* are the SKUs of which a bundle consists.

    While it is *on_sale* it costs the *sale_price*; *retail_price* is the one shown crossed out. Its *stock* is a
    number of its own also where it has variants. *edited_at* is when somebody last changed it; selling does not count.
    """

    number: int
    sku: str
    name: str
    price: Decimal
    cost: Decimal
    stock: Decimal
    weight: Decimal
    sale_price: Decimal = ZERO
    on_sale: bool = False
    retail_price: Decimal = ZERO
    choice: str = ""
    variants: tuple[Variant, ...] = ()
    parts: tuple[str, ...] = ()
    edited_at: datetime | None = None

    @property
    def present_price(self) -> Decimal:
        """What it costs a buyer now."""
        return self.sale_price if self.on_sale else self.price


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of an order; *product* is None where the line was entered by hand.

    *parcel* and *part_of* are positions in the order's parcels and lines.
    """

    sku: str
    name: str
    quantity: Decimal
    price: Decimal
    product: Product | None = None
    variant: Variant | None = None
    surcharge: Decimal = ZERO
    wish: tuple[str, str] | None = None
    parcel: int = 0
    part_of: int | None = None

    @property
    def total(self) -> Decimal:
        """What the line costs."""
        return self.quantity * (self.price + self.surcharge)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment of an order; *sent_at* is None until it left."""

    to: Person
    method: str
    cost: Decimal
    tracking: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that was taken, as the gateway told it."""

    method: str
    amount: Decimal
    at: datetime
    reference: str
    approval: str


@dataclass(frozen=True, slots=True)
class Question:
    """A checkout field of the merchant's own, answered."""

    title: str
    kind: str
    answer: str


@dataclass(frozen=True, slots=True)
class Sale:
    """An order, or the cart that may become one; times are in UTC.

    *state* is one of `cart`, `new`, `unpaid`, `processing`, `partial`, `shipped`, `cancelled`, `on_hold`, `review`,
    `custom` and `unknown`.
    """

    state: str
    began_at: datetime
    placed_at: datetime
    updated_at: datetime
    customer: int
    buyer: Person
    lines: tuple[Sold, ...]
    parcels: tuple[Parcel, ...]
    payments: tuple[Payment, ...]
    questions: tuple[Question, ...]
    discount: Decimal
    discount_name: str
    tax: Decimal
    total: Decimal
    comment: str
    note: str
