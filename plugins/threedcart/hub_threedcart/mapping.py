"""From the text of an order to the hub's order: pure, so that a text can be read again at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub_core import Address, Buyer, Order, OrderLine, OrderStatus, Payment, RejectedError, Shipment
from hub_threedcart.carried import ORDER_MEMBERS, carrier, ordinary
from hub_threedcart.dates import moment
from hub_threedcart.extras import ORDER, extras, questions
from hub_threedcart.figures import Locale, amount
from hub_threedcart.lines import Parcels, lines_of
from hub_threedcart.parsing import Tree, place_of_nonsense, read_as, tree_of
from hub_threedcart.shipments import has_left, payments_of, shipments_of
from hub_threedcart.statuses import CART, meaning, named
from hub_threedcart.wire import ZERO, WireOrder

_carried: Final = carrier(ORDER_MEMBERS)
READING: Final = 2
"""To be raised whenever the same text makes another order, so that those held are read again."""
_TOLERANCE: Final = Decimal("0.005")
"""Half a cent: what binary arithmetic in the shop may have added to a sum."""


def read_order(raw: bytes, *, zone: ZoneInfo, currency: str, labels: Mapping[int, str]) -> Order:
    """Make an order of its text. Raises RejectedError, in a sentence with the place, where that cannot be done."""
    locale = Locale(currency, zone)
    whole = ordinary(raw)
    if whole is not None:
        with suppress(RejectedError, ValueError, ArithmeticError):  # the long way says what is wrong, and where
            return _order(whole, None, locale, labels)
    tree = tree_of(raw)
    wire = read_as(WireOrder, tree)
    try:
        return _order(wire, tree, locale, labels)
    except (ValueError, ArithmeticError) as error:
        where = place_of_nonsense(tree)
        raise RejectedError(f"The order cannot be used: {error}{f', at `{where}`' if where else ''}.") from error


def _order(wire: WireOrder, tree: Tree | None, locale: Locale, labels: Mapping[int, str]) -> Order:
    """Make an order of plain members, so that the domain's models come into being in one go.

    Its parts are not checked once more where the decoder has done that, which is a third of the work otherwise.
    """
    order_id, status_id, total = _essentials(wire)
    zone, currency = locale.zone, locale.currency
    status = meaning(status_id)
    shipments = shipments_of(wire, _trees(tree, "ShipmentList"), locale)
    left = {part["external_id"]: has_left(part, status) for part in shipments}
    parcels = Parcels(left, status is OrderStatus.SHIPPED)
    lines, goods, warnings = lines_of(wire.order_item_list, _trees(tree, "OrderItemList"), parcels, currency)
    shipping = sum([part.shipment_cost for part in wire.shipment_list], ZERO)
    tax = wire.sales_tax + wire.sales_tax2 + wire.sales_tax3
    off = total - (goods + shipping + tax - wire.order_discount)
    if warnings or abs(off) > _TOLERANCE:
        warnings = list(dict.fromkeys([*warnings, *_sum_warning(total, off, currency)]))
    members = {
        "external_id": str(order_id),
        "number": f"{wire.invoice_number_prefix.strip()}{wire.invoice_number or ''}" or str(order_id),
        "status": status,
        "channel_status": named(status_id, labels.get(status_id, "")),
        "placed_at": _placed_at(wire, zone),
        "updated_at": _updated_at(wire, zone),
        "total": amount(total, currency),
        "subtotal": amount(goods, currency),
        "discount": amount(wire.order_discount, currency),
        "shipping": amount(shipping, currency),
        "tax": amount(tax, currency),
        "buyer": _buyer(wire),
        "billing_address": _billing_address(wire),
        "lines": lines,
        "shipments": shipments,
        "payments": payments_of(wire.transaction_list, _trees(tree, "TransactionList"), locale),
        "discounts": list(_discounts(wire, currency)) if wire.promotion_list or wire.order_discount else (),
        "taxes": _taxes(wire, currency),
        "comments": _comments(wire),
        "warnings": warnings,
        "extra": _extra(wire, tree),
    }
    return Order.model_validate(members if tree is not None else _assembled(members))


def _assembled(members: dict[str, Any]) -> dict[str, Any]:
    members["buyer"] = Buyer.assembled(members["buyer"])
    members["billing_address"] = Address.assembled(members["billing_address"])
    members["lines"] = [OrderLine.assembled(line) for line in members["lines"]]
    for shipment in members["shipments"]:
        shipment["address"] = Address.assembled(shipment["address"])
    members["shipments"] = [Shipment.assembled(shipment) for shipment in members["shipments"]]
    members["payments"] = [Payment.assembled(payment) for payment in members["payments"]]
    return members


def _essentials(wire: WireOrder) -> tuple[int, int, Decimal]:
    """Give what an order cannot be without, so that none of it is ever guessed."""
    if not wire.order_id:
        raise RejectedError("The order has no id, at `$.OrderID`.")
    if wire.order_status_id is None:
        raise RejectedError("The order has no status, at `$.OrderStatusID`.")
    if wire.order_status_id == CART:
        raise RejectedError("This is a cart that nobody has ordered yet, at `$.OrderStatusID`.")
    if wire.order_amount is None:
        raise RejectedError("The order has no total, at `$.OrderAmount`.")
    return wire.order_id, wire.order_status_id, wire.order_amount


def _trees(tree: Tree | None, name: str) -> list[Tree] | None:
    return None if tree is None else tree.get(name) or []


def _placed_at(wire: WireOrder, zone: ZoneInfo) -> datetime:
    try:
        placed_at = moment(wire.order_date, zone)
    except ValueError as error:
        raise RejectedError(f"The date of the order cannot be read, at `$.OrderDate`: {error}.") from error
    if placed_at is None:
        raise RejectedError("The order has no date, at `$.OrderDate`.")
    return placed_at


def _updated_at(wire: WireOrder, zone: ZoneInfo) -> datetime | None:
    try:
        return moment(wire.last_update, zone)
    except ValueError:  # nothing is decided by it
        return None


def _buyer(wire: WireOrder) -> dict[str, Any]:
    return {
        "external_id": str(wire.customer_id) if wire.customer_id else None,
        "name": f"{wire.billing_first_name.strip()} {wire.billing_last_name.strip()}".strip(),
        "email": wire.billing_email.strip(),
        "phone": wire.billing_phone_number.strip(),
        "company": wire.billing_company.strip(),
    }


def _billing_address(wire: WireOrder) -> dict[str, Any]:
    return {
        "first_name": wire.billing_first_name,
        "last_name": wire.billing_last_name,
        "company": wire.billing_company,
        "street": wire.billing_address,
        "street2": wire.billing_address2,
        "city": wire.billing_city,
        "state": wire.billing_state,
        "postal_code": wire.billing_zip_code,
        "country": wire.billing_country,
        "phone": wire.billing_phone_number,
        "email": wire.billing_email,
    }


def _discounts(wire: WireOrder, currency: str) -> Iterator[dict[str, Any]]:
    """Yield the promotions, and what the order was reduced by beyond them; the first version of the API names none."""
    rest = wire.order_discount
    for promotion in wire.promotion_list:
        rest -= promotion.discount_amount
        yield {
            "name": promotion.promotion_name.strip(),
            "code": promotion.coupon.strip(),
            "amount": amount(promotion.discount_amount, currency),
        }
    if rest > _TOLERANCE:
        yield {"amount": amount(rest, currency)}


def _taxes(wire: WireOrder, currency: str) -> list[dict[str, Any]]:
    taxes = (("SalesTax", wire.sales_tax), ("SalesTax2", wire.sales_tax2), ("SalesTax3", wire.sales_tax3))
    return [{"name": name, "amount": amount(tax, currency)} for name, tax in taxes if tax]


def _comments(wire: WireOrder) -> list[dict[str, Any]]:
    texts = (
        ("customer", wire.customer_comments),
        ("merchant", wire.internal_comments),
        ("public", wire.external_comments),
    )
    return [{"author": author, "text": text} for author, text in texts if text and not text.isspace()]


def _sum_warning(total: Decimal, off: Decimal, currency: str) -> list[str]:
    """Say that an order does not add up, which happens to those that staff have edited; the total is right as given."""
    if abs(off) <= _TOLERANCE:
        return []
    parts = amount(total - off, currency).amount
    return [
        f"The total is {amount(total, currency).amount} {currency}, but the parts of the order make {parts} {currency}."
    ]


def _extra(wire: WireOrder, tree: Tree | None) -> dict[str, Any]:
    if tree is None:
        extra, asked = _carried(wire), questions(getattr(wire, "QuestionList", None))
    else:
        extra, asked = extras(tree, ORDER), questions(tree.get("QuestionList"))
    if asked:
        extra["questions"] = asked
    return extra
