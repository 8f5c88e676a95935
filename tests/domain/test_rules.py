"""What a merchant may decide."""

import pytest
from pydantic import ValidationError

from hub_core.domain.integrations import Rules


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "1989-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_orders_are_imported_since_a_time_at_which_something_was_sold(since: str) -> None:
    with pytest.raises(ValidationError, match="must lie between 1990 and 2200"):
        Rules.model_validate({"import_since": since})


@pytest.mark.parametrize("since", [1, 1.5, "1700000000"])
def test_a_bare_number_is_no_time(since: object) -> None:
    with pytest.raises(ValidationError, match="must be a date with its zone"):
        Rules.model_validate({"import_since": since})


def test_a_date_without_a_zone_is_no_time() -> None:
    with pytest.raises(ValidationError):
        Rules.model_validate({"import_since": "2026-01-31T00:00:00"})


def test_no_time_at_all_is_the_default() -> None:
    assert Rules.model_validate({"import_since": None}) == Rules()
