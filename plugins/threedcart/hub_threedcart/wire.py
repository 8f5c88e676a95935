"""What comes over the wire, as far as the hub knows its meaning; all else is carried along by name (`extras`).

Every member may be missing. Figures are exact: they become Decimals from the text of the JSON, never through binary
fractions. The platform has written the same member as 145, 145.0, "145", "" and null; all of them can be read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

ZERO: Final = Decimal(0)


def pascal(name: str) -> str:
    """Name a member as the platform does: `order_id` is its `OrderID`."""
    words = (word.upper() if word in _IN_CAPITALS else word.capitalize() for word in name.split("_"))
    return _ODD_NAMES.get(name) or "".join(words)


_IN_CAPITALS: Final = {"id", "url"}
_ODD_NAMES: Final = {"store_secure_url": "StoreSecureURL", "item_index_id": "ItemIndexID"}


class WireItem(msgspec.Struct, rename=pascal):
    """A line of an order."""

    catalog_id: int = 0
    item_index_id: int = 0
    item_id: str = ""
    item_shipment_id: int = 0
    item_quantity: Decimal | None = None
    item_description: str = ""
    item_unit_price: Decimal = ZERO
    item_option_price: Decimal = ZERO
    item_options: str = ""
    item_additional_field3: str = ""


class WireShipment(msgspec.Struct, rename=pascal):
    """A part of a delivery; the ordinary single one has the id 0."""

    shipment_id: int = 0
    shipment_order_status: int = 0
    shipment_first_name: str = ""
    shipment_last_name: str = ""
    shipment_company: str = ""
    shipment_address: str = ""
    shipment_address2: str = ""
    shipment_city: str = ""
    shipment_state: str = ""
    shipment_zip_code: str = ""
    shipment_country: str = ""
    shipment_phone: str = ""
    shipment_email: str = ""
    shipment_cost: Decimal = ZERO
    shipment_method_name: str = ""
    shipment_shipped_date: str = ""
    shipment_tracking_code: str = ""


class WireTransaction(msgspec.Struct, rename=pascal):
    """A payment, or one more notice of the same payment."""

    transaction_index_id: int = 0
    transaction_id: str = ""
    transaction_date_time: str = ""
    transaction_type: str = ""
    transaction_method: str = ""
    transaction_amount: Decimal = ZERO
    transaction_reference: str = ""
    transaction_captured: int | None = None


class WirePromotion(msgspec.Struct, rename=pascal):
    """A reduction that was granted."""

    promotion_name: str = ""
    coupon: str = ""
    discount_amount: Decimal = ZERO


class WireOrder(msgspec.Struct, rename=pascal):
    """An order."""

    order_id: int | None = None
    order_status_id: int | None = None
    order_amount: Decimal | None = None
    invoice_number_prefix: str = ""
    invoice_number: int = 0
    customer_id: int = 0
    order_date: str = ""
    last_update: str = ""
    billing_first_name: str = ""
    billing_last_name: str = ""
    billing_company: str = ""
    billing_address: str = ""
    billing_address2: str = ""
    billing_city: str = ""
    billing_state: str = ""
    billing_zip_code: str = ""
    billing_country: str = ""
    billing_phone_number: str = ""
    billing_email: str = ""
    shipment_list: list[WireShipment] = []
    order_item_list: list[WireItem] = []
    transaction_list: list[WireTransaction] = []
    promotion_list: list[WirePromotion] = []
    order_discount: Decimal = ZERO
    sales_tax: Decimal = ZERO
    sales_tax2: Decimal = ZERO
    sales_tax3: Decimal = ZERO
    customer_comments: str = ""
    internal_comments: str = ""
    external_comments: str = ""


class WireStatus(msgspec.Struct, rename=pascal):
    """A status as the merchant calls it."""

    order_status_id: int = 0
    status_definition: str = ""
    status_text: str = ""


class WireStoreInformation(msgspec.Struct, rename=pascal):
    """Who the store is."""

    store_name: str = ""
    store_secure_url: str = ""


class WireMerchantInformation(msgspec.Struct, rename=pascal):
    """Whose the store is."""

    company: str = ""


class WireStandards(msgspec.Struct, rename=pascal):
    """What the store counts in. The form of the zone is not documented."""

    store_time_zone: str = ""
    currency_code: str = ""


class WireSettings(msgspec.Struct, rename=pascal):
    """What a store tells of itself."""

    store_information: WireStoreInformation = msgspec.field(default_factory=WireStoreInformation)
    merchant_information: WireMerchantInformation = msgspec.field(default_factory=WireMerchantInformation)
    store_standards: WireStandards = msgspec.field(default_factory=WireStandards)


class WireCount(msgspec.Struct, rename=pascal):
    """The answer to a question for the number of rows."""

    total_count: int


class WireToken(msgspec.Struct):
    """The answer to a sign-in by OAuth."""

    access_token: str = ""
    error: str = ""


class Head(msgspec.Struct, rename=pascal):
    """As much of a list's member as tells an order, a cart and an error apart."""

    order_id: int | None = None
    order_status_id: int | None = None
    key: str | None = None


class Complaint(msgspec.Struct, rename=pascal):
    """An error as the platform puts it into a list, or alone."""

    key: str | int | None = None
    message: str | None = None
