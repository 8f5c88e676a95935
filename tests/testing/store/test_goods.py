from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.testing.store import Goods, Key, Product, Variant

NOW = datetime(2024, 5, 6, tzinfo=UTC)
SHIRT, SMALL, MEDIUM, MUG = (11, None), (11, 5), (11, 6), (12, None)


def stocks(goods: Goods) -> dict[Key, Decimal]:
    return {key: Decimal(item.stock) for key, item in goods.items()}


def test_products_ascend_by_number_whatever_the_order_they_came_in(goods: Goods) -> None:
    assert [product.number for product in goods] == [11, 12, 13]
    assert [product.number for product in goods[1:]] == [12, 13]
    assert len(goods) == 3


def test_an_item_is_a_product_or_a_variant(goods: Goods) -> None:
    assert isinstance(goods.item(SHIRT), Product)
    assert isinstance(goods.item(SMALL), Variant)
    assert (goods.item((11, 9)), goods.item((99, None)), goods.get(99)) == (None, None, None)


def test_an_item_is_found_by_its_sku_whatever_blanks_are_around_it(goods: Goods) -> None:
    assert (goods.named("TEE-S"), goods.named(" MUG2")) == ((SMALL,), ((13, None),))
    assert (goods.named("tee-s"), goods.named(" ")) == ((), ())


def test_all_with_the_same_sku_are_found(goods: Goods) -> None:
    goods.write(MUG, {"sku": "TEE-S"})
    assert goods.named("TEE-S") == (SMALL, MUG)
    assert goods.named("MUG") == ()


def test_writing_a_variant_leaves_the_number_of_its_product_alone(goods: Goods) -> None:
    goods.write(SMALL, {"stock": 99}, NOW)
    assert stocks(goods) == {SHIRT: 15, SMALL: 99, MEDIUM: 4, MUG: 15, (13, None): 15}
    assert goods[0].edited_at == NOW


def test_selling_a_variant_lowers_the_number_of_its_product_too(goods: Goods) -> None:
    goods.move({SMALL: Decimal(-12), MUG: Decimal("-1.5")})
    assert stocks(goods) == {SHIRT: 3, SMALL: -2, MEDIUM: 4, MUG: Decimal("13.5"), (13, None): 15}
    assert goods[0].edited_at is None


def test_what_the_store_does_not_have_is_not_moved(goods: Goods) -> None:
    before = stocks(goods)
    goods.move({(99, None): Decimal(-1)})
    assert stocks(goods) == before


def test_a_product_that_was_taken_away_is_not_found_any_more(goods: Goods) -> None:
    goods.remove(11)
    assert (goods.get(11), goods.named("TEE-S"), [one.number for one in goods]) == (None, (), [12, 13])
    with pytest.raises(KeyError):
        goods.remove(11)


def test_every_change_is_counted(goods: Goods) -> None:
    before = goods.changes
    goods.write(MUG, {"price": Decimal(1)})
    goods.move({SMALL: Decimal(1)})
    goods.remove(13)
    assert goods.changes == before + 3


@given(st.lists(st.tuples(st.sampled_from([11, 12]), st.sampled_from(["A", "B", " A ", ""]))))
def test_the_index_of_skus_follows_every_renaming(renamings: list[tuple[int, str]]) -> None:
    variant = Variant(5, "V", "", Decimal(0), 0)
    zero = Decimal(0)
    goods = Goods([Product(number, "A", "", zero, zero, zero, zero, variants=(variant,)) for number in (11, 12)])
    for number, sku in renamings:
        goods.write((number, None), {"sku": sku})
    for sku in ("A", "B", "V"):
        assert list(goods.named(sku)) == [key for key, item in goods.items() if item.sku.strip() == sku]
