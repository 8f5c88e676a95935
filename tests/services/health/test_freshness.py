"""How old data may be."""

from datetime import timedelta

import pytest

from hub_core.domain.integrations import Flow, Rules
from hub_core.services.health.freshness import good_since, target_of
from tests.hubs import MINUTE, NOW
from tests.services.health.test_reasons import WELL


@pytest.mark.parametrize(
    ("flow", "rules", "seconds"),
    [
        (Flow.ORDERS, {}, 300),
        (Flow.ORDERS, {"order_interval": 600}, 1200),
        (Flow.LISTINGS, {}, 27_000),
        (Flow.LISTINGS, {"listing_interval": 60}, 960),
        (Flow.STOCK, {}, 120),
        (Flow.PRICES, {}, 60),
    ],
)
def test_each_flow_has_a_target_of_its_own(flow: Flow, rules: dict[str, int], seconds: int) -> None:
    assert target_of(flow, Rules(**rules)) == timedelta(seconds=seconds)  # type: ignore[arg-type]


def test_orders_are_as_fresh_as_the_last_read_of_new_ones_though_the_back_fill_goes_on() -> None:
    assert good_since(WELL._replace(last_success_at=None, read_at=NOW - MINUTE), NOW) == NOW - MINUTE


def test_a_store_that_has_been_told_everything_has_fresh_figures() -> None:
    assert good_since(WELL._replace(flow=Flow.STOCK, last_success_at=None, next_due_at=None), NOW) == NOW


def test_a_figure_is_untold_since_the_flow_got_on_last() -> None:
    told = WELL._replace(flow=Flow.STOCK, next_due_at=None, unsent_since=NOW - 9 * MINUTE, planned_at=NOW - 3 * MINUTE)
    assert good_since(told, NOW) == NOW - 3 * MINUTE


def test_a_figure_that_was_put_off_is_untold_since_its_time_came() -> None:
    put_off = WELL._replace(
        flow=Flow.STOCK, unsent_since=NOW - 9 * MINUTE, planned_at=NOW - 8 * MINUTE, next_due_at=NOW - 2 * MINUTE
    )
    assert good_since(put_off, NOW) == NOW - 2 * MINUTE
