"""What is said of what was given for a model."""

from typing import Any

import pytest

from hub_core.domain.errors import InputError
from hub_core.services.checks import checked_rules


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"buffer": -1}, "buffer: must be 0 or more"),
        ({"buffer": "many"}, "buffer: must be a number, such as 2.5"),
        ({"buffer": None}, "buffer: must be a number, such as 2.5"),
        ({"buffer": "NaN"}, "buffer: must be a number, such as 2.5"),
        ({"buffer": "0.0001"}, "buffer: must have at most 3 decimal places"),
        ({"maximum": 10**9}, "maximum: must be less than 1000000000"),
        ({"order_interval": 1}, "order_interval: must be 5 or more"),
        ({"order_interval": 10**6}, "order_interval: must be 86400 or less"),
        ({"order_interval": "5.5"}, "order_interval: must be a whole number"),
        ({"order_interval": 5.5}, "order_interval: must be a whole number"),
        ({"import_since": []}, "import_since: must be a date with its zone, such as 2026-01-31T00:00:00Z"),
        ({"price_change_max_percent": 20_000}, "price_change_max_percent: must be 10000 or less"),
        (
            {"price_floor": "5.01", "price_ceiling": 5},
            "price_floor: must not be above the price_ceiling (5), or no price could ever be sent",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_plain_words(rules: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_rules(rules)
    assert str(refused.value) == f"The rules cannot be used. {said}."
    assert list(refused.value.fields) == [said.partition(":")[0]]


def test_a_price_may_have_but_one_value() -> None:
    assert checked_rules({"price_floor": 5, "price_ceiling": "5.00"}).price_floor == 5
