from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import Order, OrderStatus, RejectedError
from hub_threedcart.mapping import read_order

AsOrder = Callable[[dict[str, Any]], Order]
Members = dict[str, Any]


def _item(**members: Any) -> Members:
    return {
        "CatalogID": 11,
        "ItemIndexID": 90001,
        "ItemID": "TEE-M",
        "ItemShipmentID": 0,
        "ItemQuantity": 1,
        "ItemUnitPrice": 20,
        "ItemDescription": "Tee",
        **members,
    }


def _order(*items: Members, **members: Any) -> Members:
    return {
        "OrderID": 2051,
        "OrderStatusID": 1,
        "OrderDate": "2024-05-06T10:14:02",
        "OrderAmount": 20,
        "ShipmentList": [{"ShipmentID": 0}],
        "OrderItemList": list(items or [_item()]),
        **members,
    }


def test_members_may_be_missing(as_order: AsOrder) -> None:
    bare = {"OrderID": 7, "OrderStatusID": 1, "OrderDate": "2024-05-06T10:14:02", "OrderAmount": 0}
    order = as_order(bare)
    assert (order.external_id, order.number, order.lines, order.updated_at) == ("7", "7", (), None)
    assert (order.buyer.external_id, order.extra, order.warnings) == (None, {}, ())


def test_members_may_be_null(as_order: AsOrder) -> None:
    null = dict.fromkeys(
        ["InvoiceNumber", "BillingCity", "OrderDiscount", "TransactionList", "CustomerComments", "UserID", "LastUpdate"]
    )
    assert as_order(_order(**null)) == as_order(_order())


def test_members_of_lists_may_be_null(as_order: AsOrder) -> None:
    item = _item(**dict.fromkeys(["CatalogID", "ItemID", "ItemOptions", "ItemOptionPrice", "ItemAdditionalField3"]))
    line = as_order(_order(item, ShipmentList=[{"ShipmentID": 0, "ShipmentCost": None, "ShipmentCity": None}])).lines[0]
    assert (line.sku, line.listing, line.unit_price.amount) == (None, None, Decimal(20))


@pytest.mark.parametrize("figure", [145, 145.0, "145", "145.00", " 145 "], ids=repr)
def test_an_amount_is_the_same_however_it_is_written(figure: Any, as_order: AsOrder) -> None:
    order = as_order(_order(_item(ItemUnitPrice=figure), OrderAmount=figure))
    assert str(order.total.amount) == str(order.lines[0].unit_price.amount) == "145.00"


@pytest.mark.parametrize("nothing", ["", None, 0, 0.0, "0"], ids=repr)
def test_nothing_is_zero_however_it_is_written(nothing: Any, as_order: AsOrder) -> None:
    order = as_order(_order(_item(ItemOptionPrice=nothing), SalesTax=nothing, OrderDiscount=nothing))
    assert (order.tax.amount, order.discount.amount, order.taxes, order.discounts) == (Decimal(0), Decimal(0), (), ())


def test_ids_and_texts_may_come_as_the_other_kind(as_order: AsOrder) -> None:
    order = as_order(
        _order(_item(ItemID=4711), OrderID="2051", CustomerID=311.0, BillingZipCode=62704, PaymentTokenID="tok")
    )
    assert (order.external_id, order.buyer.external_id) == ("2051", "311")
    assert (order.billing_address.postal_code, order.lines[0].sku) == ("62704", "4711")
    assert order.extra["PaymentTokenID"] == "tok"


def test_figures_stay_exact_beyond_what_binary_fractions_hold() -> None:
    raw = json.dumps(_order()).replace('"OrderAmount": 20', '"OrderAmount": 12345678901234.56789')
    order = read_order(raw.encode(), zone=ZoneInfo("UTC"), currency="USD", labels={})
    assert order.total.amount == Decimal("12345678901234.56789")


def test_the_noise_of_binary_fractions_goes_away(as_order: AsOrder) -> None:
    order = as_order(_order(_item(ItemUnitPrice=-3.55e-15), OrderAmount=-3.55e-15))
    assert (str(order.total.amount), order.warnings) == ("0.00", ())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"OrderID": None}, "$.OrderID"),
        ({"OrderID": 0}, "$.OrderID"),
        ({"OrderID": "A-1"}, "$.OrderID"),
        ({"OrderStatusID": None}, "$.OrderStatusID"),
        ({"OrderStatusID": 7}, "$.OrderStatusID"),
        ({"OrderAmount": ""}, "$.OrderAmount"),
        ({"OrderAmount": "much"}, "$.OrderAmount"),
        ({"OrderDate": ""}, "$.OrderDate"),
        ({"OrderDate": "0001-01-01T00:00:00"}, "$.OrderDate"),
        ({"OrderDate": "yesterday"}, "$.OrderDate"),
        ({"OrderItemList": {}}, "$.OrderItemList"),
        ({"OrderItemList": ["x"]}, "$.OrderItemList[0]"),
        ({"OrderItemList": [_item(), _item(ItemQuantity="two")]}, "$.OrderItemList[1].ItemQuantity"),
        ({"OrderItemList": [_item(ItemQuantity=None)]}, "$.OrderItemList[0].ItemQuantity"),
        ({"OrderItemList": [_item(ItemUnitPrice=[1])]}, "$.OrderItemList[0].ItemUnitPrice"),
        ({"ShipmentList": [{"ShipmentID": "first"}]}, "$.ShipmentList[0].ShipmentID"),
        ({"TransactionList": [{"TransactionAmount": {}}]}, "$.TransactionList[0].TransactionAmount"),
    ],
)
def test_an_order_that_cannot_be_used_is_refused_with_the_place(change: Members, place: str, as_order: AsOrder) -> None:
    with pytest.raises(RejectedError) as refused:
        as_order({**_order(), **change})
    assert f"`{place}`" in str(refused.value)


@pytest.mark.parametrize("figure", ["1e30", "NaN", "Infinity", "sNaN"])
@pytest.mark.parametrize("member", ["ItemQuantity", "ItemUnitPrice", "ItemOptionPrice"])
def test_a_figure_that_nobody_means_is_refused(figure: str, member: str, as_order: AsOrder) -> None:
    with pytest.raises(RejectedError) as refused:
        as_order(_order(_item(), _item(**{member: figure})))
    assert f"`$.OrderItemList[1].{member}`" in str(refused.value)


@pytest.mark.parametrize("raw", [b"", b"[]", b"3", b'{"OrderID": 1', b"\xff", b'{"OrderID": 1e99999999999999999999}'])
def test_a_text_that_is_no_order_is_refused(raw: bytes) -> None:
    with pytest.raises(RejectedError):
        read_order(raw, zone=ZoneInfo("UTC"), currency="USD", labels={})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
names = st.sampled_from(
    ["OrderID", "OrderAmount", "OrderDate", "LastUpdate", "ShipmentList", "OrderItemList", "QuestionList", "IP", "Odd"]
)


@given(
    changes=st.dictionaries(names, json_values, max_size=4),
    item=st.dictionaries(st.sampled_from(sorted(_item())), json_values),
)
def test_whatever_stands_in_a_member_the_text_becomes_an_order_or_is_refused(changes: Members, item: Members) -> None:
    members = {**_order(_item(**item)), **changes}
    try:
        order = read_order(json.dumps(members).encode(), zone=ZoneInfo("UTC"), currency="USD", labels={})
    except RejectedError:
        return
    assert Order.model_validate_json(order.model_dump_json()) == order


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (1, OrderStatus.OPEN),
        (2, OrderStatus.OPEN),
        (3, OrderStatus.PARTIALLY_SHIPPED),
        (4, OrderStatus.SHIPPED),
        (5, OrderStatus.CANCELLED),
        (6, OrderStatus.ON_HOLD),
        (8, OrderStatus.OPEN),
        (11, OrderStatus.PENDING),
        (12, OrderStatus.OPEN),
        (14, OrderStatus.OPEN),
        (4711, OrderStatus.OPEN),
    ],
)
def test_each_status_has_its_meaning_and_keeps_its_number(
    status: int, expected: OrderStatus, as_order: AsOrder
) -> None:
    order = as_order(_order(OrderStatusID=status))
    assert (order.status, order.channel_status.id) == (expected, str(status))


def test_the_merchants_own_wording_goes_along(as_order: AsOrder) -> None:
    assert as_order(_order()).channel_status.label == "New"
    assert as_order(_order(OrderStatusID=2)).channel_status.label == ""


def test_the_number_is_prefix_and_invoice_number(as_order: AsOrder) -> None:
    assert as_order(_order(InvoiceNumberPrefix="AB-", InvoiceNumber=1043)).number == "AB-1043"


def test_a_total_that_does_not_add_up_is_kept_and_warned_of(as_order: AsOrder) -> None:
    order = as_order(_order(OrderAmount=15))
    assert order.total.amount == 15
    assert order.warnings == ("The total is 15.00 USD, but the parts of the order make 20.00 USD.",)


def test_shipment_tax_repeats_the_orders_tax_and_is_not_added(as_order: AsOrder) -> None:
    order = as_order(_order(OrderAmount=25, SalesTax=5, ShipmentList=[{"ShipmentID": 0, "ShipmentTax": 5}]))
    assert (order.tax.amount, order.warnings) == (Decimal(5), ())


def test_each_tax_stands_by_itself(as_order: AsOrder) -> None:
    order = as_order(_order(OrderAmount=26, SalesTax=1, SalesTax2=2, SalesTax3=3))
    assert [f"{tax.name} {tax.amount.amount}" for tax in order.taxes] == [
        "SalesTax 1.00",
        "SalesTax2 2.00",
        "SalesTax3 3.00",
    ]


def test_taxes_that_make_up_for_each_other_both_stand(as_order: AsOrder) -> None:
    order = as_order(_order(SalesTax2=0.37, SalesTax3=-0.37))
    assert [(tax.name, str(tax.amount.amount)) for tax in order.taxes] == [
        ("SalesTax2", "0.37"),
        ("SalesTax3", "-0.37"),
    ]


def test_a_discount_beyond_the_promotions_stands_without_a_name(as_order: AsOrder) -> None:
    promotions = [{"PromotionName": "Ten off", "Coupon": "TEN", "DiscountAmount": 10}]
    order = as_order(_order(OrderAmount=8, OrderDiscount=12, PromotionList=promotions))
    found = [(discount.name, discount.code, str(discount.amount.amount)) for discount in order.discounts]
    assert found == [("Ten off", "TEN", "10.00"), ("", "", "2.00")]


def test_comments_say_whose_they_are_and_blank_ones_are_left_out(as_order: AsOrder) -> None:
    order = as_order(_order(CustomerComments="Please hurry", InternalComments=" \r\n", ExternalComments="On its way"))
    assert [(comment.author, comment.text) for comment in order.comments] == [
        ("customer", "Please hurry"),
        ("public", "On its way"),
    ]


def test_a_last_update_that_cannot_be_read_does_not_matter(as_order: AsOrder) -> None:
    assert as_order(_order(LastUpdate="whenever")).updated_at is None


def test_what_the_hub_does_not_know_is_kept_under_its_own_name(as_order: AsOrder) -> None:
    order = as_order(
        _order(IP="203.0.113.9", NewMember={"Deep": 5.0, "Empty": ""}, Flags=[True, 0], Nothing=0, No=False)
    )
    assert order.extra == {"IP": "203.0.113.9", "NewMember": {"Deep": "5"}, "Flags": [True]}


def test_a_number_among_the_rest_has_one_text_however_it_was_written(as_order: AsOrder) -> None:
    extra = as_order(_order(_item(ItemWeight=2, ItemUnitCost=2.0, ItemUnitStock=-1700, ItemSerial=0.5))).lines[0].extra
    assert extra == {"ItemWeight": "2", "ItemUnitCost": "2", "ItemUnitStock": "-1700", "ItemSerial": "0.5"}


def test_questions_and_answers_are_kept(as_order: AsOrder) -> None:
    asked = [{"OrderID": 2051, "QuestionID": 2, "QuestionTitle": "PO number", "QuestionAnswer": "PO-7781"}]
    assert as_order(_order(QuestionList=asked)).extra["questions"] == [
        {"QuestionID": "2", "QuestionTitle": "PO number", "QuestionAnswer": "PO-7781"}
    ]


def test_no_card_and_no_key_gets_into_an_order_even_from_a_text_that_was_not_scrubbed(as_order: AsOrder) -> None:
    secrets = {"CardNumber": "4111", "CardType": "Visa", "ContinueURL": "https://x/?orderkey=1", "CardName": "Maya"}
    order = as_order(_order(TransactionList=[{"TransactionIndexID": 1, "TransactionCVV2": "123"}], **secrets))
    assert (order.extra, order.payments[0].extra) == ({}, {})


# Lines


def test_the_price_of_a_unit_holds_the_surcharge_of_its_options(as_order: AsOrder) -> None:
    line = as_order(_order(_item(ItemQuantity=3, ItemUnitPrice=12.5, ItemOptionPrice=-0.125))).lines[0]
    assert (str(line.unit_price.amount), str(line.total.amount)) == ("12.375", "37.125")
    assert line.extra["ItemOptionPrice"] == "-0.125"


def test_a_quantity_may_have_decimals(as_order: AsOrder) -> None:
    lines = as_order(_order(_item(ItemQuantity=1.50), _item(ItemIndexID=2, ItemQuantity=2.0))).lines
    assert [str(line.quantity) for line in lines] == ["1.5", "2"]


@pytest.mark.parametrize(
    ("catalog", "options", "listing"),
    [(11, ",6", "11/6"), (18, ",45,49", "18/45-49"), (11, "", "11"), (11, ", 6 ,", "11/6"), (0, ",6", None)],
)
def test_a_line_names_its_listing_and_the_variant(catalog: int, options: str, listing: str, as_order: AsOrder) -> None:
    assert as_order(_order(_item(CatalogID=catalog, ItemOptions=options))).lines[0].listing == listing


def test_a_sku_is_taken_without_the_blanks_around_it_and_may_be_none(as_order: AsOrder) -> None:
    lines = as_order(_order(_item(ItemID=" TEE-M  "), _item(ItemIndexID=2, ItemID="  "))).lines
    assert [line.sku for line in lines] == ["TEE-M", None]


def test_lines_without_an_id_of_their_own_are_told_apart_by_sku_and_ordinal(as_order: AsOrder) -> None:
    order = as_order(
        _order(
            _item(ItemIndexID=5, ItemID="A"),
            _item(ItemIndexID=5, ItemID="B"),
            _item(ItemIndexID=0, ItemID="A"),
            _item(ItemIndexID=0, ItemID="A"),
            _item(ItemIndexID=6, ItemID="A"),
        )
    )
    assert [line.external_id for line in order.lines] == ["5/A/1", "5/B/1", "/A/1", "/A/2", "6"]
    assert any("told apart" in warning for warning in order.warnings)


def test_a_part_of_a_bundle_names_its_parent(as_order: AsOrder) -> None:
    parent, part = _item(ItemIndexID=1), _item(ItemIndexID=2, ItemAdditionalField3="1")
    assert [line.bundle_parent for line in as_order(_order(parent, part)).lines] == [None, "1"]


@pytest.mark.parametrize("field", ["4711", "gift", "90001"])
def test_a_field_that_names_no_other_line_is_kept_as_it_is(field: str, as_order: AsOrder) -> None:
    line = as_order(_order(_item(ItemAdditionalField3=field))).lines[0]
    assert line.bundle_parent is None
    assert line.extra == {"ItemAdditionalField3": field}


def test_a_line_is_shipped_where_its_own_shipment_is(as_order: AsOrder) -> None:
    parcels = [{"ShipmentID": 8, "ShipmentOrderStatus": 4}, {"ShipmentID": 9, "ShipmentOrderStatus": 1}]
    items = _item(ItemShipmentID=8, ItemQuantity=2), _item(ItemIndexID=2, ItemShipmentID=9)
    order = as_order(_order(*items, OrderStatusID=3, ShipmentList=parcels))
    assert [(line.shipment, str(line.shipped)) for line in order.lines] == [("8", "2"), ("9", "0")]


LEFT = [{"ShipmentShippedDate": "2024-05-07T09:00:00"}, {"ShipmentTrackingCode": "1Z 999"}]


@pytest.mark.parametrize("sign", LEFT)
@pytest.mark.parametrize(("own", "of_order"), [(0, 5), (5, 5), (1, 5), (5, 3)])
def test_goods_that_left_are_gone_though_the_order_is_cancelled(
    sign: Members, own: int, of_order: int, as_order: AsOrder
) -> None:
    parcels = [{"ShipmentID": 8, "ShipmentOrderStatus": own, **sign}, {"ShipmentID": 9, "ShipmentOrderStatus": own}]
    items = _item(ItemShipmentID=8, ItemQuantity=2), _item(ItemIndexID=2, ItemShipmentID=9)
    order = as_order(_order(*items, OrderStatusID=of_order, ShipmentList=parcels))
    assert [str(line.shipped) for line in order.lines] == ["2", "0"]


def test_goods_with_a_tracking_number_have_not_left_before_the_shop_says_so(as_order: AsOrder) -> None:
    parcel = {"ShipmentID": 0, "ShipmentTrackingCode": "1Z 999"}
    assert as_order(_order(OrderStatusID=2, ShipmentList=[parcel])).lines[0].shipped == 0


def test_a_line_of_an_order_without_shipments_goes_by_the_order(as_order: AsOrder) -> None:
    order = as_order(_order(OrderStatusID=4, ShipmentList=[]))
    assert (order.lines[0].shipment, order.lines[0].shipped, order.warnings) == (None, Decimal(1), ())


def test_a_description_that_holds_more_than_name_and_options_is_kept(as_order: AsOrder) -> None:
    html = 'Mug<br><b>File:</b>&nbsp;<a href="https://shop.example/1.png">1.png</a>'
    assert as_order(_order(_item(ItemDescription=html))).lines[0].extra == {"ItemDescription": html}


def test_a_line_whose_shipment_is_missing_goes_by_the_order_and_is_warned_of(as_order: AsOrder) -> None:
    order = as_order(_order(_item(ItemShipmentID=5), OrderStatusID=4))
    assert (order.lines[0].shipment, order.lines[0].shipped) == (None, Decimal(1))
    assert order.warnings == ("A line names shipment 5, which the order does not have.",)


# Shipments and payments


def test_a_shipment_without_a_status_of_its_own_has_the_orders(as_order: AsOrder) -> None:
    assert as_order(_order(OrderStatusID=4)).shipments[0].status is OrderStatus.SHIPPED


def test_when_a_shipment_left_is_kept_as_typed_where_it_is_no_time(as_order: AsOrder) -> None:
    shipment = as_order(_order(ShipmentList=[{"ShipmentID": 0, "ShipmentShippedDate": "Tuesday "}])).shipments[0]
    assert (shipment.shipped_at, shipment.extra) == (None, {"ShipmentShippedDate": "Tuesday"})


def test_when_a_payment_was_made_is_kept_as_sent_where_it_is_no_time(as_order: AsOrder) -> None:
    payment = as_order(_order(TransactionList=[{"TransactionDateTime": "early"}])).payments[0]
    assert (payment.at, payment.extra) == (None, {"TransactionDateTime": "early"})


def test_shipments_and_payments_with_the_same_id_are_all_kept(as_order: AsOrder) -> None:
    order = as_order(_order(ShipmentList=[{"ShipmentID": 0}] * 2, TransactionList=[{"TransactionIndexID": 7}] * 2))
    assert [part.external_id for part in order.shipments] == ["0", "0/2"]
    assert [payment.external_id for payment in order.payments] == ["7", "7/2"]


@pytest.mark.parametrize(("sent", "captured"), [(1, True), (0, False), (True, True), (None, None)])
def test_whether_a_payment_was_captured_is_as_the_store_shows_it(sent: Any, captured: bool, as_order: AsOrder) -> None:
    order = as_order(_order(TransactionList=[{"TransactionIndexID": 7, "TransactionCaptured": sent}]))
    assert order.payments[0].captured is captured


def test_a_gift_certificate_is_a_payment_and_its_number_the_reference(as_order: AsOrder) -> None:
    paid = {"TransactionIndexID": 7, "TransactionMethod": "Gift Certificate", "TransactionReference": "GC1"}
    payment = as_order(_order(TransactionList=[{**paid, "TransactionAmount": 5}])).payments[0]
    assert (payment.method, payment.reference, payment.amount.amount, payment.extra) == (
        "Gift Certificate",
        "GC1",
        Decimal(5),
        {},
    )


def test_an_order_of_the_hour_that_comes_twice_has_a_time(as_order: AsOrder) -> None:
    order = as_order(_order(OrderDate="2024-11-03T01:30:00"))
    assert order.placed_at == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)
