"""Telling a store its regular prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from hub_core import Accepted, InputError, PriceChange, Refused, RetryLater, Store, UnavailableError, money
from hub_threedcart.channel import push_prices

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
Catalogue = Any
Push = Callable[..., Any]


def price(catalog: int, amount: Any = "12.5", code: str = "", currency: str = "USD") -> PriceChange:
    listing = f"{catalog}/{code}" if code else str(catalog)
    handle: Any = {"catalog": catalog, "code": code} if code else {"catalog": catalog}
    return PriceChange(listing, "S", money(Decimal(amount), currency), str(catalog) if code else None, handle)


@pytest.fixture
def push(store: Store) -> Push:
    async def told(*changes: PriceChange) -> dict[str, Any]:
        return {one.listing: one async for page in push_prices(store, changes) for one in page}

    return told


async def test_a_hundred_prices_are_told_with_one_request(catalogue: Catalogue, push: Push) -> None:
    outcomes = await push(*(price(one, "0.1") for one in range(1, 251)))
    assert outcomes == {str(one): Accepted(str(one)) for one in range(1, 251)}
    assert [len(put) for put in catalogue.puts] == [100, 100, 50]
    assert catalogue.puts[0][0] == {"SKUInfo": {"CatalogID": 1, "Price": Decimal("0.1")}}


@pytest.mark.parametrize(
    ("amount", "written"), [("21", b"21"), ("21.5", b"21.50"), ("0.1234", b"0.1234"), ("99999999.99", b"99999999.99")]
)
async def test_prices_are_written_as_exact_numbers_and_nothing_beside_them(
    amount: str, written: bytes, api: respx.MockRouter, push: Push
) -> None:
    route = api.put(f"{API}/Products").respond(json=[{"Key": "CatalogID", "Value": "11", "Status": "200"}])
    await push(price(11, amount))
    assert route.calls.last.request.content == b'[{"SKUInfo":{"CatalogID":11,"Price":%s}}]' % written


async def test_the_variants_of_a_product_are_told_in_one_request_and_its_own_price_stays(
    api: respx.MockRouter, push: Push
) -> None:
    results = [{"Key": "AdvancedOptionCode", "Value": code, "Status": "200"} for code in ("5", "6")]
    route = api.put(f"{API}/Products/11/AdvancedOptions").respond(json=results)
    outcomes = await push(price(11, "20", "5"), price(11, "21.5", "6"))
    assert outcomes == {"11/5": Accepted("11/5"), "11/6": Accepted("11/6")}
    assert route.calls.last.request.content == (
        b'[{"AdvancedOptionCode":"5","AdvancedOptionPrice":20},{"AdvancedOptionCode":"6","AdvancedOptionPrice":21.50}]'
    )
    assert len(api.calls) == 1


async def test_a_price_in_other_money_is_refused(catalogue: Catalogue, push: Push) -> None:
    outcomes = await push(price(11, currency="EUR"), price(12))
    assert outcomes == {
        "11": Refused("11", "The price is in EUR, but the shop sells in USD."),
        "12": Accepted("12"),
    }


async def test_a_price_for_no_product_is_refused(catalogue: Catalogue, push: Push) -> None:
    outcomes = await push(PriceChange("MUG", "MUG", money(Decimal(1), "USD")))
    assert isinstance(outcomes["MUG"], Refused)
    assert not catalogue.calls


async def test_without_a_currency_no_price_is_told(catalogue: Catalogue, store: Store) -> None:
    with pytest.raises(InputError, match="currency"):
        [page async for page in push_prices(replace(store, currency=None), [price(11)])]
    assert not catalogue.calls


async def test_a_price_that_is_not_spoken_of_is_read_back(catalogue: Catalogue, push: Push) -> None:
    catalogue.silent, catalogue.lost = {"11", "12"}, {"12"}
    catalogue.price = {"12": 9}
    outcomes = await push(price(11), price(12))
    assert (outcomes["11"], type(outcomes["12"])) == (Accepted("11"), RetryLater)


async def test_one_bad_price_is_found_by_halving(catalogue: Catalogue, push: Push) -> None:
    catalogue.bad["3"] = 400
    outcomes = await push(*map(price, range(1, 9)))
    assert [one for one, outcome in outcomes.items() if outcome != Accepted(one)] == ["3"]
    assert isinstance(outcomes["3"], Refused)


async def test_a_lost_reply_is_not_followed_by_the_same_request(api: respx.MockRouter, push: Push) -> None:
    route = api.put(f"{API}/Products").mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(UnavailableError):
        await push(price(11))
    assert route.call_count == 1
