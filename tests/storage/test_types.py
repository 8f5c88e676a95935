"""Figures and times come back from both databases as they were given."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, literal, select
from sqlalchemy.exc import StatementError

from hub_core.domain.stock import plain
from hub_core.storage.database import Database
from hub_core.storage.stock import StockRepository
from hub_core.storage.tables import applications, stock_levels
from hub_core.storage.types import DecimalSum, ExactDecimal, UtcDateTime, one_form
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        datetime(2026, 3, 8, 2, 30, 0, 123456, tzinfo=timezone(-timedelta(hours=5))),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_in_utc(hub_url: str, moment: datetime) -> None:
    database = Database(hub_url, VirtualClock(NOW))
    row = {"channel": "toyshop", "document": "{}", "changed_at": moment}
    database.write_now(lambda connection: connection.execute(insert(applications), row))
    back = database.read_now(lambda connection: connection.execute(select(applications.c.changed_at)).scalar_one())
    database.engine.dispose()
    assert (back, back.tzinfo) == (moment, UTC)


def test_a_moment_without_a_zone_is_a_fault_of_ours(hub_url: str) -> None:
    database = Database(hub_url, VirtualClock(NOW))
    with pytest.raises(StatementError, match="has no time zone"):
        database.read_now(lambda connection: connection.execute(select(literal(datetime(2026, 1, 1), UtcDateTime))))  # noqa: DTZ001 - that is the point
    database.engine.dispose()


@pytest.mark.parametrize("figure", ["0.1", "-12.50", "999999999999999.99999999", "1E+3", "0E-8", "0.00000001"])
def test_a_figure_comes_back_exactly(hub_url: str, figure: str) -> None:
    database = Database(hub_url, VirtualClock(NOW))
    back = database.read_now(
        lambda connection: connection.execute(select(literal(Decimal(figure), ExactDecimal))).scalar_one()
    )
    database.engine.dispose()
    assert isinstance(back, Decimal)
    assert back == Decimal(figure)


def test_sums_have_no_noise_and_no_exponent() -> None:
    total = DecimalSum()
    for figure in (*["0.1"] * 10, None, "1000000000000000", "0.00000001"):
        total.step(figure)
    assert total.finalize() == "1000000000000001.00000001"


@pytest.mark.parametrize("figure", ["5.000", "5", "0.50E1"])
def test_equal_units_are_equal_to_the_database_however_they_are_written(hub_url: str, figure: str) -> None:
    database = Database(hub_url, VirtualClock(NOW))
    database.write_now(lambda connection: StockRepository(connection).set_moved([("A", Decimal(figure))]))
    same = select(stock_levels.c.sku).where(stock_levels.c.moved == Decimal("5.0"))
    found = database.read_now(lambda connection: connection.execute(same).scalars().all())
    database.engine.dispose()
    assert found == ["A"]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4))
def test_a_figure_has_one_written_form(figure: Decimal) -> None:
    (text,) = one_form([figure])
    assert one_form([figure + Decimal("0.0000"), figure.normalize()]) == [text, text]
    assert text is not None
    assert (Decimal(text), "E" in text, text) == (figure, False, f"{plain(figure):f}")
