from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hub_core.testing.store import Dice, Goods, Sale, SteeringError, Trade
from hub_core.testing.store.baskets import wished
from hub_core.testing.store.catalogue import catalogue

NOW = datetime(2024, 5, 6, 12, tzinfo=UTC)


def trade(seed: str = "seed", products: int = 40) -> Trade:
    dice = Dice(seed)
    return Trade(dice, catalogue(dice, products), lambda: NOW)


@pytest.fixture(scope="module")
def sales() -> list[Sale]:
    return list(trade().history(1500, days=20))


@pytest.fixture(scope="module")
def products() -> Goods:
    return catalogue(Dice("seed"), 200)


def test_the_same_seed_makes_the_same_trade() -> None:
    first, again, other = (list(trade(seed).history(30, 5)) for seed in ("seed", "seed", "other"))
    assert first == again != other


def test_nothing_happens_after_now_or_before_the_span(sales: list[Sale]) -> None:
    assert all(NOW - timedelta(days=20, seconds=1) <= sale.placed_at < NOW for sale in sales)
    assert all(sale.updated_at <= NOW for sale in sales)


def test_carts_begin_before_they_are_placed_and_in_another_order(sales: list[Sale]) -> None:
    assert all(sale.began_at < sale.placed_at for sale in sales)
    assert sales == sorted(sales, key=lambda sale: sale.began_at)
    assert sales != sorted(sales, key=lambda sale: sale.placed_at)


def test_totals_add_up_but_for_a_few_that_staff_edited(sales: list[Sale]) -> None:
    wrong = [sale for sale in sales if abs(expected_total(sale) - sale.total) > Decimal("0.01")]
    assert 0 < len(wrong) < 0.03 * len(sales)


def expected_total(sale: Sale) -> Decimal:
    goods = sum((line.total for line in sale.lines), Decimal(0))
    return goods + sum((parcel.cost for parcel in sale.parcels), Decimal(0)) + sale.tax - sale.discount


@pytest.mark.parametrize(
    "state",
    [
        "cart",
        "new",
        "unpaid",
        "processing",
        "partial",
        "shipped",
        "cancelled",
        "on_hold",
        "review",
        "custom",
        "unknown",
    ],
)
def test_every_state_occurs(sales: list[Sale], state: str) -> None:
    assert any(sale.state == state for sale in sales)


def test_some_orders_look_older_than_they_are(sales: list[Sale]) -> None:
    assert any(sale.updated_at < sale.placed_at for sale in sales if sale.state != "cart")


def test_some_orders_have_two_parcels_and_each_line_is_in_one_of_them(sales: list[Sale]) -> None:
    divided = [sale for sale in sales if len(sale.parcels) == 2]
    assert divided
    assert all({line.parcel for line in sale.lines} <= {0, 1} for sale in divided)


def test_the_parts_of_a_bundle_cost_nothing_and_travel_with_it(sales: list[Sale]) -> None:
    parts = [(sale.lines[line.part_of], line) for sale in sales for line in sale.lines if line.part_of is not None]
    assert parts
    assert all(line.price == 0 and parent.parcel == line.parcel and parent.sku != line.sku for parent, line in parts)


def test_some_payments_are_told_twice(sales: list[Sale]) -> None:
    assert any(len(sale.payments) == 2 and sale.payments[0].amount == sale.payments[1].amount for sale in sales)


def test_carts_and_unpaid_orders_have_no_payment(sales: list[Sale]) -> None:
    assert not any(sale.payments for sale in sales if sale.state in ("cart", "unpaid"))


def test_a_wished_order_holds_exactly_the_wished_lines() -> None:
    made = trade()
    lines = wished([{"sku": made.products[0].sku, "quantity": "2", "price": "9.99"}], made.products)
    sale = made.sale(NOW, "new", lines)
    assert [(line.sku, line.quantity, line.price) for line in sale.lines] == [
        (made.products[0].sku, Decimal(2), Decimal("9.99"))
    ]
    assert sale.total == Decimal("19.98") + sale.parcels[0].cost


def test_a_wished_sku_that_nobody_sells_becomes_a_line_by_hand() -> None:
    (line,) = wished([{"sku": "NOWHERE", "name": "Special"}], trade().products)
    assert (line.product, line.sku, line.name) == (None, "NOWHERE", "Special")


def test_a_wished_variant_is_found_by_its_own_sku(products: Goods) -> None:
    variant = next(one for product in products for one in product.variants if one.sku)
    (line,) = wished([{"sku": variant.sku}], products)
    assert line.variant == variant


def test_below_a_wished_bundle_come_its_parts(products: Goods) -> None:
    bundle = next(product for product in products if product.parts)
    lines = wished([{"sku": "NOWHERE"}, {"sku": bundle.sku, "quantity": 3}, {"sku": "NOWHERE"}], products)
    parts = lines[2:-1]
    assert [part.sku for part in parts] == list(bundle.parts)
    assert {(part.part_of, part.quantity, part.price) for part in parts} == {(1, Decimal(3), Decimal(0))}


@pytest.mark.parametrize(("name", "figure"), [("quantity", "many"), ("quantity", "NaN"), ("price", [])])
def test_a_wished_figure_that_is_none_is_refused(name: str, figure: object) -> None:
    with pytest.raises(SteeringError, match=f"The {name} .* of a line is no number"):
        wished([{"sku": "NOWHERE", name: figure}], trade().products)


def test_a_store_without_products_still_trades() -> None:
    assert all(line.product is None for sale in trade(products=0).history(20, 5) for line in sale.lines)


def test_a_catalogue_has_sizes_bundles_and_faulty_skus(products: Goods) -> None:
    skus = [product.sku for product in products]
    assert any(product.variants for product in products)
    assert any(product.parts for product in products)
    assert any(not one.sku for product in products for one in product.variants)
    assert any(sku != sku.strip() for sku in skus)
    assert len(set(skus)) < len(skus)
