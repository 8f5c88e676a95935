"""Reading an ordinary order in one go: every member that is documented is known, so none has to be looked for.

An order that holds anything else, or anything in another dress, is read the long way (`parsing`), which loses nothing
and says where something is wrong. Both ways give the same order; this one takes half the time.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from types import GenericAlias
from typing import Any, Final

import msgspec

from hub_threedcart.extras import NO_DATE, SECRETS, figure_text, kept_form
from hub_threedcart.wire import WireItem, WireOrder, WireShipment, WireTransaction, pascal

ORDER_MEMBERS: Final = (
    "UserID",
    "SalesPerson",
    "AlternateOrderID",
    "OrderType",
    "PaymentTokenID",
    "BillingPaymentMethod",
    "BillingOnLinePayment",
    "BillingPaymentMethodID",
    "OrderDiscountCoupon",
    "OrderDiscountPromotion",
    "AffiliateCommission",
    "RewardPoints",
    "Referer",
    "IP",
)
ITEM_MEMBERS: Final = (
    "ItemWarehouseID",
    "ItemWeight",
    "ItemAdditionalField1",
    "ItemAdditionalField2",
    "ItemPageAdded",
    "ItemAvailability",
    "ItemDateAdded",
    "ItemUnitCost",
    "ItemUnitStock",
    "ItemCatalogIDOptions",
    "ItemSerial",
    "ItemImage1",
    "ItemImage2",
    "ItemImage3",
    "ItemImage4",
    "ItemWarehouseLocation",
    "ItemWarehouseBin",
    "ItemWarehouseAisle",
    "ItemWarehouseCustom",
    "RecurringOrderFrequency",
)
SHIPMENT_MEMBERS: Final = (
    "ShipmentLastUpdate",
    "ShipmentBoxes",
    "ShipmentInternalComment",
    "ShipmentAlias",
    "ShipmentMethodID",
    "ShipmentTax",
    "ShipmentWeight",
    "ShipmentUserID",
    "ShipmentNumber",
    "ShipmentAddressTypeID",
)
TRANSACTION_MEMBERS: Final = (
    "TransactionApproval",
    "TransactionGatewayID",
    "TransactionAVS",
    "TransactionResponseText",
    "TransactionResponseCode",
)

Carried = Callable[[Any], dict[str, Any]]


def _whole(kind: type[msgspec.Struct], carried: tuple[str, ...], silent: tuple[str, ...]) -> type[Any]:
    """Make of *kind* one that has all documented members, and refuses any other."""
    own = frozenset((*carried, *silent))
    return msgspec.defstruct(
        f"Whole{kind.__name__}",
        [(name, Any, "") for name in (*carried, *silent)],
        bases=(kind,),
        rename=lambda name: name if name in own else pascal(name),
        forbid_unknown_fields=True,
    )


WholeItem: Final = _whole(WireItem, ITEM_MEMBERS, ("OrderID",))
WholeShipment: Final = _whole(WireShipment, SHIPMENT_MEMBERS, ("OrderID",))
WholeTransaction: Final = _whole(WireTransaction, TRANSACTION_MEMBERS, ("OrderID", "TransactionCVV2"))
_order_members = _whole(WireOrder, ORDER_MEMBERS, tuple(name for name in SECRETS if name != "TransactionCVV2"))
WholeOrder: Final = msgspec.defstruct(
    "WholeOrder",
    [
        ("shipment_list", GenericAlias(list, WholeShipment), []),
        ("order_item_list", GenericAlias(list, WholeItem), []),
        ("transaction_list", GenericAlias(list, WholeTransaction), []),
        ("QuestionList", list[dict[str, Any]], []),
    ],
    bases=(_order_members,),
    rename=lambda name: name if name[0].isupper() else pascal(name),
    forbid_unknown_fields=True,
)


@lru_cache(maxsize=4096)
def _figure(text: str) -> str:
    """Write a fraction in its one form; nothing stands for zero."""
    written = figure_text(Decimal(text))
    return "" if written in ("0", "-0") else written


_DECODER: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(WholeOrder, strict=False, float_hook=_figure)


def ordinary(raw: bytes) -> Any | None:
    """Read *raw* as an order of documented members only; None where it is not quite that."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return None


def carrier(members: tuple[str, ...]) -> Carried:
    """Give what takes the *members* that say anything out of a whole object, in the form that they are kept in."""
    values_of = attrgetter(*members)

    def carried(whole: Any) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in zip(members, values_of(whole), strict=True):
            if value and value != NO_DATE:
                form = value if value.__class__ is str else kept_form(value)
                if form:  # a list of nothing says nothing
                    kept[name] = form
        return kept

    return carried
