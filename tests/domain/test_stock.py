"""The rules of stock: what a line takes, what a store is told, what somebody may set."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.errors import InputError
from hub_core.domain.stock import (
    checked_adjustment,
    checked_level,
    checked_sku,
    plain,
    sku_of,
    stock_target,
    wanted,
)

units = st.decimals(min_value=-(10**6), max_value=10**6, places=3)
amounts = st.decimals(min_value=0, max_value=10**6, places=3)


def line(quantity: str, *, cancelled: str = "0", shipped: str = "0", by: str = "merchant") -> dict[str, Any]:
    return {"quantity": quantity, "cancelled": cancelled, "shipped": shipped, "fulfilled_by": by}


def test_a_line_wants_what_was_ordered_less_what_was_cancelled() -> None:
    assert wanted(line("5", cancelled="2"), order_cancelled=False) == 3


def test_a_line_of_a_cancelled_order_wants_nothing() -> None:
    assert wanted(line("5"), order_cancelled=True) == 0


def test_what_has_shipped_is_wanted_even_of_a_cancelled_order() -> None:
    assert wanted(line("5", shipped="2"), order_cancelled=True) == 2
    assert wanted(line("5", cancelled="5", shipped="1"), order_cancelled=False) == 1


def test_a_line_that_the_channel_fulfils_wants_nothing() -> None:
    assert wanted(line("5", shipped="5", by="channel"), order_cancelled=False) == 0


@given(amounts, amounts, amounts, st.booleans())
def test_a_line_never_wants_less_than_nothing_or_than_has_shipped(
    quantity: Decimal, cancelled: Decimal, shipped: Decimal, order_cancelled: bool
) -> None:
    told = line(str(quantity), cancelled=str(cancelled), shipped=str(shipped))
    assert wanted(told, order_cancelled=order_cancelled) >= max(shipped, Decimal(0))


def test_a_store_is_told_the_available_units_less_the_buffer_and_at_most_the_maximum() -> None:
    assert stock_target(Decimal(10), buffer=Decimal(2), maximum=None, fractions=False) == 8
    assert stock_target(Decimal(10), buffer=Decimal(2), maximum=Decimal(5), fractions=False) == 5


def test_an_oversold_article_is_told_as_nothing() -> None:
    assert stock_target(Decimal(-3), buffer=Decimal(0), maximum=None, fractions=False) == 0


def test_parts_of_a_unit_are_told_only_where_the_listing_allows_them() -> None:
    assert stock_target(Decimal("2.75"), buffer=Decimal(0), maximum=None, fractions=False) == 2
    assert stock_target(Decimal("2.75"), buffer=Decimal(0), maximum=None, fractions=True) == Decimal("2.75")


@given(units, amounts, st.none() | amounts, st.booleans())
def test_no_store_is_ever_told_more_than_is_there(
    available: Decimal, buffer: Decimal, maximum: Decimal | None, fractions: bool
) -> None:
    told = stock_target(available, buffer=buffer, maximum=maximum, fractions=fractions)
    assert 0 <= told <= max(available - buffer, Decimal(0))
    assert maximum is None or told <= maximum
    assert fractions or told == told.to_integral_value()


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_equal_figures_are_written_the_same(figure: Decimal) -> None:
    written = f"{plain(figure):f}"
    assert Decimal(written) == figure
    assert f"{plain(figure + Decimal('0.000000')):f}" == written
    assert "." not in written or not written.endswith("0")
    assert written != "-0"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "below zero"),
        ("1.2345", "more than three decimal places"),
        ("many", "is no number"),
        ("", "is no number"),
        ("NaN", "is no number"),
        ("Infinity", "is no number"),
        ("1e5", "is no number"),
        ("1_000", "is no number"),
        ("\u0663", "is no number"),
        (Decimal("NaN"), "anybody could mean"),
        ("1000000000000", "anybody could mean"),
        (10**10, "anybody could mean"),
        (1.5, "is no number"),
        (True, "is no number"),
        (None, "is no number"),
        ([5], "is no number"),
    ],
)
def test_a_level_that_can_be_none_is_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        checked_level("SKU-1", value)
    assert list(refused.value.fields) == ["SKU-1"]


@pytest.mark.parametrize(("value", "level"), [(5, "5"), ("7", "7"), (" 2.50 ", "2.5"), (Decimal("1E+2"), "100")])
def test_a_level_is_a_whole_number_or_an_exact_text(value: object, level: str) -> None:
    assert str(checked_level("SKU-1", value)) == level


def test_a_figure_is_repeated_as_a_person_writes_it() -> None:
    with pytest.raises(InputError, match=r"The stock -9\.5 of 'SKU-1' is below zero"):
        checked_level("SKU-1", Decimal("-9.5"))


def test_an_adjustment_may_take_away() -> None:
    assert checked_adjustment("SKU-1", "-2.5") == Decimal("-2.5")


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "a\0b", "\ud800", "x" * 501, 7, None])
def test_what_can_be_no_sku_is_refused(text: object) -> None:
    with pytest.raises(InputError, match=r"SKU"):
        checked_sku(text)


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=500))
def test_a_sku_is_compared_trimmed_and_in_its_own_case(text: str) -> None:
    if text.strip():
        assert checked_sku(text) == sku_of(f" {text}\n") == text.strip()
    else:
        assert sku_of(text) is None
