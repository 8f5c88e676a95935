"""What listings a product becomes, member by member."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import Listing, Money, RejectedError, money
from hub_threedcart.lines import listing_of
from hub_threedcart.products import read_product

Example = Callable[[str], Any]


def _read(product: dict[str, Any], **others: Any) -> list[Listing]:
    return read_product(json.dumps({**product, **others}).encode(), "USD")


def _product(**sku: Any) -> dict[str, Any]:
    return {"SKUInfo": {"CatalogID": 12, "SKU": "MUG", "Name": "Mug", "Price": 12.5, "Stock": 15.0, **sku}}


def _variant(code: Any, **members: Any) -> dict[str, Any]:
    return {"AdvancedOptionCode": code, **{f"AdvancedOption{name}": value for name, value in members.items()}}


def _usd(amount: str) -> Money:
    return money(Decimal(amount), "USD")


@pytest.mark.parametrize("name", ["product_v2_with_options", "webhook_delivery_product"])
def test_the_products_of_the_examples_become_their_variants(name: str, example: Example) -> None:
    (product,) = example(name)
    expected = [("5", "TEE-S", "S", 10, "20"), ("6", "TEE-M", "M", 42, "20"), ("7", "TEE-L", "L", 8, "21.5")]
    assert _read(product) == [
        Listing(
            external_id=f"11/{code}",
            sku=sku,
            name=f"Cotton Tee - {size}",
            parent="11",
            handle={"catalog": 11, "code": code},
            published=True,
            fractions=False,
            stock=Decimal(stock),
            price=_usd(price),
            sale_price=None,
        )
        for code, sku, size, stock, price in expected
    ]


def test_the_recorded_variants_have_the_whole_names_of_their_options(example: Example) -> None:
    bikini, _ = example("products_list_v1")
    listings = _read(bikini)
    assert [(one.external_id, one.sku, one.name, one.stock) for one in listings] == [
        ("44/173", "BIKINI-XS", 'Examplewear Postpartum Bikini - X-Small (32.5" - 35")', Decimal(0)),
        ("44/174", "BIKINI-S", 'Examplewear Postpartum Bikini - Small (35.5" - 39.5")', Decimal(0)),
        ("44/175", "BIKINI-M", 'Examplewear Postpartum Bikini - Medium (40" - 43")', Decimal(7)),
        ("44/176", "BIKINI-L", 'Examplewear Postpartum Bikini - Large (43.5" - 47")', Decimal(5)),
        ("44/177", "BIKINI-XL", 'Examplewear Postpartum Bikini - X-Large (47.5" - 52")', Decimal(0)),
    ]
    assert {(one.price, one.sale_price) for one in listings} == {(_usd("24"), _usd("19.5"))}


def test_a_recorded_product_without_variants_is_one_listing(example: Example) -> None:
    _, card = example("products_list_v1")
    assert _read(card) == [
        Listing(
            external_id="28",
            sku="GC-PULLUP",
            name="Gift Card - Girdle Pull-up",
            parent=None,
            handle={"catalog": 28},
            published=True,
            fractions=False,
            stock=Decimal(499),
            price=_usd("87.5"),
            sale_price=None,
        )
    ]


@pytest.mark.parametrize(("hide", "not_for_sale", "published"), [(0, 0, True), (1, 0, False), (0, 1, False)])
def test_what_is_hidden_or_not_for_sale_is_not_published(hide: int, not_for_sale: int, published: bool) -> None:
    flags = {"Hide": bool(hide), "NotForSale": bool(not_for_sale)}
    assert [one.published for one in _read(_product(), **flags)] == [published]
    assert [one.published for one in _read(_product(), **flags, AdvancedOptionList=[_variant("6")])] == [published]


def test_parts_of_a_unit_are_sold_where_the_shop_says_so_but_never_of_variants() -> None:
    assert _read(_product(Stock=2.75), AllowFractionalQuantity=True)[0].fractions
    assert _read(_product(Stock=2.75), AllowFractionalQuantity=True)[0].stock == Decimal("2.75")
    assert not _read(_product(), AllowFractionalQuantity=True, AdvancedOptionList=[_variant("6")])[0].fractions


def test_stock_may_be_far_below_nothing() -> None:
    (variant,) = _read(_product(), AdvancedOptionList=[_variant("6", Stock=-1711)])
    assert (variant.stock, _read(_product(Stock=-0.5))[0].stock) == (Decimal(-1711), Decimal("-0.5"))


def test_stock_that_is_not_told_is_unknown_and_not_nothing() -> None:
    assert _read(_product(Stock=None))[0].stock is None
    assert _read(_product(), AdvancedOptionList=[_variant("6")])[0].stock is None


def test_a_sale_price_counts_only_while_on_sale() -> None:
    assert _read(_product(SalePrice=9.5, OnSale=True))[0].sale_price == _usd("9.5")
    assert _read(_product(SalePrice=9.5, OnSale=False))[0].sale_price is None


def test_the_sale_price_of_a_variant_with_a_price_of_its_own_is_unknown() -> None:
    variants = [_variant("5", Price=12.50), _variant("6", Price=14)]
    same, other = _read(_product(SalePrice=9.5, OnSale=True), AdvancedOptionList=variants)
    assert (same.sale_price, other.sale_price) == (_usd("9.5"), None)


@pytest.mark.parametrize(
    ("product", "own", "sku"),
    [
        ("TEE", "TEE-M", "TEE-M"),
        ("TEE", " TEE-M  ", "TEE-M"),
        ("TEE", "", "TEE-45-49"),
        (" TEE ", None, "TEE-45-49"),
        ("", "", None),
    ],
)
def test_a_variant_without_a_sku_bears_its_products_with_the_code(product: str, own: str, sku: str) -> None:
    (variant,) = _read(_product(SKU=product), AdvancedOptionList=[_variant("45-49", Sufix=own)])
    assert variant.sku == sku


@pytest.mark.parametrize(("code", "options"), [("6", ",6"), ("45-49", ",45,49"), (" 45 - 49 ", ",45,49"), (7, ",7")])
def test_a_variant_is_named_as_the_lines_of_orders_name_it(code: Any, options: str) -> None:
    (variant,) = _read(_product(), AdvancedOptionList=[_variant(code)])
    assert variant.external_id == listing_of(12, options)


@pytest.mark.parametrize(
    ("code", "own", "name"),
    [
        ("5-9", "cut", "Mug - Red & blue, 12 oz"),
        ("5-8", "Red, tall &amp; thin", "Mug - Red, tall & thin"),
        ("5-8", "", "Mug - 5-8"),
    ],
)
def test_the_name_of_a_variant_comes_from_its_options_else_from_itself(code: str, own: str, name: str) -> None:
    sets = [
        {"OptionList": [{"OptionID": 5, "OptionName": "Red &amp; blue"}]},
        {"OptionList": [{"OptionID": 9, "OptionName": "12 oz"}, {"OptionID": 8, "OptionName": " "}]},
    ]
    (variant,) = _read(_product(), OptionSetList=sets, AdvancedOptionList=[_variant(code, Name=own)])
    assert variant.name == name


def test_a_bundle_is_one_listing_with_the_count_that_the_store_keeps_of_it() -> None:
    part = {"OptionID": 500, "OptionName": "Part", "OptionBundleCatalogId": 44, "OptionBundleQuantity": 2}
    (bundle,) = _read(_product(), OptionSetList=[{"OptionList": [part]}], AdvancedOptionList=[])
    assert (bundle.external_id, bundle.sku, bundle.stock) == ("12", "MUG", Decimal(15))


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"Hide": None, "NotForSale": "false", "AllowFractionalQuantity": "", "OptionSetList": None},
        {"AdvancedOptionList": None, "PluginList": {}, "Unheard": [{"of": None}]},
    ],
)
def test_members_may_be_missing_or_empty_or_unheard_of(others: dict[str, Any]) -> None:
    product = _product(CatalogID="12", SKU=4711, Name=None, Price="12.50", Stock="15", OnSale=None, SalePrice="")
    assert _read(product, **others) == [
        Listing(external_id="12", sku="4711", handle={"catalog": 12}, stock=Decimal(15), price=_usd("12.5"))
    ]


@pytest.mark.parametrize("text", ["145", "145.0", "145.00", '"145"'])
def test_a_price_is_the_same_however_it_is_written(text: str) -> None:
    raw = b'{"SKUInfo":{"CatalogID":12,"Price":%s,"Stock":0.30000000000000004}}' % text.encode()
    (listing,) = read_product(raw, "EUR")
    assert str(listing.price and listing.price.amount) == "145.00"
    assert listing.stock == Decimal("0.30000000000000004")


@pytest.mark.parametrize(
    ("product", "why"),
    [
        ({}, "CatalogID"),
        ({"SKUInfo": None}, "CatalogID"),
        (_product(CatalogID=0), "CatalogID"),
        (_product(CatalogID="x"), r"\$\.SKUInfo\.CatalogID"),
        (_product(Stock="many"), r"\$\.SKUInfo\.Stock"),
        (_product(Stock="NaN"), "product 12 makes no sense"),
        (_product(Price="1e30"), "product 12 makes no sense"),
        ({**_product(), "AdvancedOptionList": [_variant("")]}, "no option code"),
        ({**_product(), "AdvancedOptionList": [_variant(",")]}, "no option code"),
        ({**_product(), "AdvancedOptionList": [_variant("6"), _variant("6 ")]}, "same option code"),
        ({**_product(), "AdvancedOptionList": [None]}, r"\$\.AdvancedOptionList\[0\]"),
        ({**_product(), "AdvancedOptionList": {"6": 1}}, r"\$\.AdvancedOptionList"),
    ],
)
def test_a_broken_product_is_rejected_with_the_reason(product: dict[str, Any], why: str) -> None:
    with pytest.raises(RejectedError, match=why):
        _read(product)


@pytest.mark.parametrize("raw", [b"", b"[]", b'"x"', b'{"SKUInfo":', b"\xff", b"[" * 100_000])
def test_a_text_that_is_no_product_is_rejected(raw: bytes) -> None:
    with pytest.raises(RejectedError):
        read_product(raw, "USD")


_values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
)
_members = st.sampled_from(["CatalogID", "SKU", "Name", "Price", "SalePrice", "OnSale", "Stock"])
_outer = st.sampled_from(["SKUInfo", "Hide", "AdvancedOptionList", "OptionSetList", "AllowFractionalQuantity"])


@given(sku=st.dictionaries(_members, _values), outer=st.dictionaries(_outer, _values))
def test_whatever_a_product_holds_it_becomes_listings_or_a_reject(sku: dict[str, Any], outer: dict[str, Any]) -> None:
    raw = json.dumps({"SKUInfo": {"CatalogID": 12, **sku}, **outer}).encode()
    try:
        listings = read_product(raw, "USD")
    except RejectedError:
        return
    assert all(isinstance(one, Listing) for one in listings)
