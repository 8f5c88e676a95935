"""Orders as 3DCart spells them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub_core.testing.store import Dice, Parcel, Payment, Question, Record, Sale
from hub_threedcart.sandbox.lines import lines_of
from hub_threedcart.sandbox.shop import OrderFacets, OrderRecord, ThreeDCartShop
from hub_threedcart.sandbox.spelling import dump, read_stamp, stamp
from hub_threedcart.sandbox.statuses import CART, NEW, SHIPPED, status_id

OFFLINE = "Check or Money Order"
_TRACKING_WIDTH = 50
_NULLABLE = ("UserID", "SalesPerson", "BillingCompany", "AlternateOrderID", "CustomerComments")
_OMISSIBLE = ("AlternateOrderID", "OrderType", "PaymentTokenID", "PromotionList", "OrderDiscountCoupon")


def order_members(shop: ThreeDCartShop, key: int, sale: Sale) -> dict[str, Any]:
    """Spell *sale* as the order with the id *key*."""
    status = status_id(sale.state)
    shipments = [0] if len(sale.parcels) == 1 else [shop.numbers.take("shipment") for _ in sale.parcels]
    members = {
        **_head(shop, key, sale, status),
        **_billing(sale, status),
        "ShipmentList": [_shipment(shop, sale, place, number) for place, number in enumerate(shipments)],
        "OrderItemList": lines_of(shop, sale, shipments),
        **_amounts(sale),
        "TransactionList": [_transaction(shop, key, payment) for payment in sale.payments],
        **_card(sale),
        "RewardPoints": "",
        "QuestionList": [_question(shop, key, place, one) for place, one in enumerate(sale.questions, 1)],
        "Referer": "",
        "IP": f"203.0.113.{key % 250 + 1}",
        "CustomerComments": sale.comment,
        "InternalComments": sale.note,
        "ExternalComments": "",
    }
    return _with_oddities(shop.dice, members)


def order_record(key: int, members: Mapping[str, Any], text: bytes | None = None) -> OrderRecord:
    """Keep an order under what it is searched by; *text* is its exact text where that matters."""
    facets = OrderFacets(
        placed=read_stamp(members.get("OrderDate")),
        updated=read_stamp(members.get("LastUpdate")),
        status=_whole(members.get("OrderStatusID")),
        number=_whole(members.get("InvoiceNumber")),
        prefix=str(members.get("InvoiceNumberPrefix") or ""),
        email=str(members.get("BillingEmail") or ""),
    )
    return Record(key, facets, text or dump(members))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _head(shop: ThreeDCartShop, key: int, sale: Sale, status: int) -> dict[str, Any]:
    return {
        "InvoiceNumberPrefix": "AB-",
        "InvoiceNumber": shop.numbers.take("invoice"),
        "OrderID": key,
        "CustomerID": sale.customer,
        "OrderDate": stamp(shop.clock.wall(sale.placed_at)),
        "OrderStatusID": status,
        "LastUpdate": stamp(shop.clock.wall(sale.updated_at)),
        "UserID": "API" if status == SHIPPED else "",
        "SalesPerson": "",
        "ContinueURL": f"{shop.address}/continue_order.asp?orderkey={shop.dice.getrandbits(64):016X}",
        "AlternateOrderID": "",
        "OrderType": "",
        "PaymentTokenID": 0,
    }


def _billing(sale: Sale, status: int) -> dict[str, Any]:
    buyer = sale.buyer
    method = sale.payments[0].method if sale.payments else "" if status == CART else OFFLINE
    return {
        "BillingFirstName": buyer.first,
        "BillingLastName": buyer.last,
        "BillingCompany": buyer.company,
        "BillingAddress": buyer.street,
        "BillingAddress2": buyer.street2,
        "BillingCity": buyer.city,
        "BillingState": buyer.region,
        "BillingZipCode": buyer.postcode,
        "BillingCountry": buyer.country,
        "BillingPhoneNumber": buyer.phone,
        "BillingEmail": buyer.email,
        "BillingPaymentMethod": method,
        "BillingOnLinePayment": bool(method) and method != OFFLINE,
        "BillingPaymentMethodID": "13" if method else "",
    }


def _shipment(shop: ThreeDCartShop, sale: Sale, place: int, number: int) -> dict[str, Any]:
    parcel, status = sale.parcels[place], status_id(sale.state)
    to = parcel.to
    return {
        "ShipmentID": number,
        "ShipmentLastUpdate": stamp(shop.clock.wall(sale.updated_at)),
        "ShipmentBoxes": 1,
        "ShipmentInternalComment": "",
        "ShipmentOrderStatus": SHIPPED if parcel.sent_at else NEW if sale.state == "partial" else status,
        "ShipmentAddress": to.street,
        "ShipmentAddress2": to.street2,
        "ShipmentAlias": "",
        "ShipmentCity": to.city,
        "ShipmentCompany": to.company,
        "ShipmentCost": float(parcel.cost),
        "ShipmentCountry": to.country,
        "ShipmentEmail": "",
        "ShipmentFirstName": to.first,
        "ShipmentLastName": to.last,
        "ShipmentMethodID": 0,
        "ShipmentMethodName": parcel.method,
        "ShipmentShippedDate": _shipped_date(shop, parcel),
        "ShipmentPhone": to.phone,
        "ShipmentState": to.region,
        "ShipmentZipCode": to.postcode,
        "ShipmentTax": float(sale.tax),  # the order's own tax once more, not a further one
        "ShipmentWeight": float(sum(line.quantity * line.product.weight for line in sale.lines if line.product)),
        "ShipmentTrackingCode": _tracking(shop.dice, parcel),
        "ShipmentUserID": "",
        "ShipmentNumber": place + 1,
        "ShipmentAddressTypeID": 0,
    }


def us_date(wall: datetime) -> str:
    """Write a day as the store's staff do."""
    return f"{wall.month}/{wall.day}/{wall.year}"


def _shipped_date(shop: ThreeDCartShop, parcel: Parcel) -> str:
    if parcel.sent_at is None:
        return ""
    wall = shop.clock.wall(parcel.sent_at)
    hour = wall.hour % 12 or 12
    with_time = f"{us_date(wall)} {hour}:{wall:%M:%S %p}"
    return shop.dice.weighted({us_date(wall): 6, f"{wall:%m/%d/%Y}": 2.5, with_time: 2})


def _tracking(dice: Dice, parcel: Parcel) -> str:
    return parcel.tracking.ljust(_TRACKING_WIDTH) if parcel.tracking and dice.hits(0.6) else parcel.tracking


def _amounts(sale: Sale) -> dict[str, Any]:
    promotion = {"PromotionID": 77, "PromotionName": sale.discount_name, "Coupon": "", "DiscountAmount": 0.0}
    return {
        "PromotionList": [promotion | {"DiscountAmount": float(sale.discount)}] if sale.discount else [],
        "OrderDiscount": float(sale.discount),
        "OrderDiscountCoupon": 0.0,
        "OrderDiscountPromotion": float(sale.discount),
        "SalesTax": float(sale.tax),
        "SalesTax2": 0.0,
        "SalesTax3": 0.0,
        "OrderAmount": float(sale.total),
        "AffiliateCommission": 0.0,
    }


def _transaction(shop: ThreeDCartShop, key: int, payment: Payment) -> dict[str, Any]:
    gift = payment.method == "Gift Certificate"
    return {
        "TransactionIndexID": shop.numbers.take("transaction"),
        "OrderID": key,
        "TransactionID": "" if gift else payment.reference,
        "TransactionDateTime": stamp(shop.clock.wall(payment.at)),
        "TransactionType": "Sale",
        "TransactionMethod": payment.method,
        "TransactionAmount": float(payment.amount),
        "TransactionApproval": payment.approval,
        "TransactionReference": payment.reference if gift else "",
        "TransactionGatewayID": 20,
        "TransactionCVV2": "",
        "TransactionAVS": "Y",
        "TransactionResponseText": "",
        "TransactionResponseCode": "",
        "TransactionCaptured": 0,
    }


def _card(sale: Sale) -> dict[str, Any]:
    by_card = bool(sale.payments) and sale.payments[0].method != "PayPal"
    return {
        "CardType": "Visa" if by_card else "",
        "CardNumber": "XXXX-XXXX-XXXX-1111" if by_card else "-1",
        "CardName": f"{sale.buyer.first} {sale.buyer.last}" if by_card else "",
        "CardExpirationMonth": "12" if by_card else "",
        "CardExpirationYear": "2099" if by_card else "",
        "CardIssueNumber": "",
        "CardStartMonth": "",
        "CardStartYear": "",
        "CardAddress": "",
        "CardVerification": "EXAMPLEx/Xw=" if by_card else "",
    }


def _question(shop: ThreeDCartShop, key: int, place: int, question: Question) -> dict[str, Any]:
    return {
        "QuestionAnswerIndexID": shop.numbers.take("answer"),
        "OrderID": key,
        "QuestionID": place + 1,
        "QuestionTitle": question.title,
        "QuestionAnswer": question.answer,
        "QuestionType": question.kind,
        "QuestionCheckoutStep": 1,
        "QuestionSorting": place,
        "QuestionDiscountGroup": 0,
    }


def _with_oddities(dice: Dice, members: dict[str, Any]) -> dict[str, Any]:
    """Let a few orders be as odd as real ones: a null, a member left out, a number as text, rounding noise."""
    if dice.hits(0.02):
        members[dice.choice(_NULLABLE)] = None
    if dice.hits(0.02):
        del members[dice.choice(_OMISSIBLE)]
    if dice.hits(0.02) and "PaymentTokenID" in members:
        members["PaymentTokenID"] = "0"
    if dice.hits(0.01) and not members["OrderDiscount"]:
        members["OrderDiscount"] = -3.55e-15
    return members
