"""What a channel may state as its rate budgets."""

import pytest
from pydantic import BaseModel, ValidationError

from hub_core import CONTRACT_VERSION, ChannelInfo, RateBudget


class Nothing(BaseModel):
    """No settings."""


def info(*budgets: RateBudget) -> ChannelInfo:
    return ChannelInfo(
        key="shop",
        company="Shop",
        description="A shop.",
        contract_version=CONTRACT_VERSION,
        settings=Nothing,
        credentials=Nothing,
        rate_budgets=budgets,
    )


def test_a_name_may_be_stated_once_for_each_scope() -> None:
    store, both = RateBudget(depth=1, per_second=1), RateBudget(depth=9, per_second=9, scope="application")
    assert info(store, both).rate_budgets == (store, both)
    with pytest.raises(ValidationError, match="two rate budgets of the same name and scope"):
        info(store, both, RateBudget(depth=2, per_second=2))


@pytest.mark.parametrize(
    "members",
    [
        {"depth": 0, "per_second": 1},
        {"depth": 1, "per_second": -1},
        {"depth": 1, "per_second": float("inf")},
        {"depth": 1, "per_second": float("nan")},
        {"depth": 1, "per_second": 1, "name": ""},
        {"depth": 1, "per_second": 1, "name": "x" * 41},
        {"depth": 1, "per_second": 1, "scope": "world"},
    ],
    ids=str,
)
def test_a_budget_that_makes_no_sense_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RateBudget.model_validate(members)
