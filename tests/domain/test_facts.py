"""What holds for every value of the domain."""

import pickle
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from pydantic import ValidationError

from hub_core import domain
from hub_core.domain.channels import ChannelInfo
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import Rules
from hub_core.domain.orders import Address, Buyer
from hub_core.domain.polls import Window
from hub_core.domain.runs import Counts

for found in pkgutil.iter_modules(domain.__path__, f"{domain.__name__}."):
    import_module(found.name)


def every(fact: type[Fact] = Fact) -> Iterator[type[Fact]]:
    for kind in fact.__subclasses__():
        yield kind
        yield from every(kind)


FACTS = {kind.__name__: kind for kind in every()}


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_every_fact_is_frozen_and_forbids_what_it_does_not_know(fact: type[Fact]) -> None:
    assert fact.model_config.get("frozen") is True
    assert fact.model_config.get("extra") == "forbid"


def test_a_fact_cannot_be_changed() -> None:
    address = Address(city="Tampa")
    with pytest.raises(ValidationError, match="frozen"):
        address.city = "Miami"  # type: ignore[misc]


def test_a_fact_holds_nothing_unknown() -> None:
    with pytest.raises(ValidationError, match="not permitted"):
        Buyer.model_validate({"name": "Ann", "card_number": "4111111111111111"})


def test_facts_with_the_same_content_are_the_same() -> None:
    assert Address(city="Tampa") == Address(city="Tampa")


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Window(start=datetime(2026, 1, 1))  # noqa: DTZ001 - this is what must not pass


@pytest.mark.parametrize("key", ["", "Shop", "3dcart", "my-shop", "x" * 41, "shop\n"])
def test_a_channel_key_is_a_short_lower_case_word(key: str) -> None:
    with pytest.raises(ValidationError, match="key"):
        ChannelInfo.model_validate(
            {
                "key": key,
                "company": "Shop",
                "description": "",
                "contract_version": 1,
                "settings": Address,
                "credentials": Address,
            }
        )


def test_orders_are_taken_in_from_30_days_before_the_integration_was_added() -> None:
    added = datetime(2026, 3, 31, tzinfo=UTC)
    since = datetime(2020, 1, 1, tzinfo=UTC)
    assert Rules().reaches_back_to(added) == added - timedelta(days=30)
    assert Rules(import_since=since).reaches_back_to(added) == since


@pytest.mark.parametrize("seconds", [4, 86401])
def test_orders_are_looked_for_between_every_five_seconds_and_once_a_day(seconds: int) -> None:
    with pytest.raises(ValidationError, match="order_interval"):
        Rules(order_interval=seconds)


def test_counts_add_up_and_what_no_store_said_stays_unknown() -> None:
    one = Counts(pages=1, read=3, created=1, updated=1, unchanged=1)
    both = one.plus(Counts(pages=1, read=2, created=1, rejected=1))
    assert both == Counts(pages=2, read=5, created=2, updated=1, unchanged=1, rejected=1)
    assert both.plus(Counts(expected=5)).expected == 5
    assert Counts(expected=5).plus(Counts()).expected == 5
    assert Counts(expected=5).plus(Counts(expected=2)).expected == 7


def test_a_fact_assembled_of_its_members_is_like_one_that_was_checked() -> None:
    members = {"external_id": None, "name": "Maya", "email": "", "phone": "", "company": ""}
    checked, assembled = Buyer.model_validate(members), Buyer.assembled(members)
    assert assembled == checked
    assert hash(assembled) == hash(checked)
    assert repr(assembled) == repr(checked)
    assert assembled.model_fields_set == checked.model_fields_set
    assert assembled.model_dump_json() == checked.model_dump_json()
    assert pickle.loads(pickle.dumps(assembled)) == checked  # noqa: S301 - our own


def test_a_fact_assembled_of_its_members_can_be_copied_but_not_changed() -> None:
    assembled = Buyer.assembled({"external_id": None, "name": "Maya", "email": "", "phone": "", "company": ""})
    assert assembled.model_copy(update={"name": "Ann"}).name == "Ann"
    with pytest.raises(ValidationError, match="frozen"):
        assembled.name = "Ann"  # type: ignore[misc]
    assert assembled.name == "Maya"
