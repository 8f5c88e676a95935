"""Orders as every channel tells them: one shape, exact figures, nothing dropped."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from hub_core.domain.fact import Fact
from hub_core.domain.money import Money


class OrderStatus(StrEnum):
    """Where an order stands, the same words for every channel."""

    PENDING = "pending"
    OPEN = "open"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    ON_HOLD = "on_hold"


class FulfilledBy(StrEnum):
    """Whose stock a line is sent from."""

    MERCHANT = "merchant"
    CHANNEL = "channel"


class ChannelStatus(Fact):
    """The status as the store itself names it; the *label* is the merchant's own wording."""

    id: str
    label: str = ""


class Address(Fact):
    """A postal address as the shopper typed it; nothing is corrected."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


class Buyer(Fact):
    """Who ordered; without *external_id* a guest."""

    external_id: str | None = None
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""


class LineOption(Fact):
    """One choice of the shopper, such as Size: M."""

    name: str
    value: str


class OrderLine(Fact):
    """One position of an order. A bundle's parts name their *bundle_parent*; the parent bears the price."""

    external_id: str
    sku: str | None = None
    listing: str | None = None
    name: str = ""
    options: tuple[LineOption, ...] = ()
    quantity: Decimal
    cancelled: Decimal = Decimal(0)
    shipped: Decimal = Decimal(0)
    unit_price: Money
    total: Money
    shipment: str | None = None
    bundle_parent: str | None = None
    fulfilled_by: FulfilledBy = FulfilledBy.MERCHANT
    extra: dict[str, Any] = Field(default_factory=dict)


class Shipment(Fact):
    """One parcel or part of a delivery, with its own address and tracking number."""

    external_id: str
    address: Address
    method: str = ""
    cost: Money
    tracking_number: str = ""
    shipped_at: AwareDatetime | None = None
    status: OrderStatus
    extra: dict[str, Any] = Field(default_factory=dict)


class Payment(Fact):
    """One transaction as the store shows it. The same payment may stand there twice: never sum them up."""

    external_id: str
    method: str = ""
    kind: str = ""
    amount: Money
    at: AwareDatetime | None = None
    reference: str = ""
    captured: bool | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class Discount(Fact):
    """A reduction; *amount* is positive."""

    name: str = ""
    code: str = ""
    amount: Money


class Tax(Fact):
    """One tax on the whole order."""

    name: str = ""
    amount: Money


class Comment(Fact):
    """A remark; *author* is `customer`, `merchant` (seen by staff only) or `public` (merchant to customer)."""

    author: str
    text: str


class Order(Fact):
    """An order as a store told it."""

    external_id: str
    number: str
    status: OrderStatus
    channel_status: ChannelStatus
    placed_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    total: Money
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    buyer: Buyer
    billing_address: Address
    lines: tuple[OrderLine, ...]
    shipments: tuple[Shipment, ...] = ()
    payments: tuple[Payment, ...] = ()
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    comments: tuple[Comment, ...] = ()
    warnings: tuple[str, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)


class StoredOrder(Order):
    """An order as the hub holds it.

    *history*: it was there before the hub, and moved no stock. *same_as*: the order of an earlier identity of the
    same store. *revision* counts the changes of content that the hub has seen, from 1. *erased_at*: when it was erased
    of its personal data.
    """

    id: int
    integration_id: int
    revision: int
    history: bool = False
    same_as: int | None = None
    erased_at: AwareDatetime | None = None
