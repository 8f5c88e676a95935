"""Reading all products of a store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import respx

from hub_core import (
    CursorExpiredError,
    InputError,
    Listing,
    ListingPage,
    PermissionMissingError,
    RejectedError,
    ResponseError,
    Store,
    UnavailableError,
)
from hub_threedcart.channel import fetch_listings

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"


def _product(number: Any) -> dict[str, Any]:
    return {"SKUInfo": {"CatalogID": number, "SKU": f"S{number}", "Stock": 1}}


class Shelf:
    """The list of products of a store, which changes between its pages where a test says so."""

    def __init__(self, api: respx.MockRouter, *products: dict[str, Any]) -> None:
        self.products = list(products)
        self.asked: list[dict[str, str]] = []
        self.between: list[Callable[[], object]] = []
        api.get(f"{API}/Products").mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = dict(request.url.params)
        self.asked.append(asked)
        if "countonly" in asked:
            return httpx.Response(200, json={"TotalCount": len(self.products)})
        start = int(asked["offset"]) - 1
        rows = self.products[start : start + int(asked["limit"])]
        if self.between:
            self.between.pop(0)()
        return httpx.Response(200, json=rows) if rows else httpx.Response(404)


async def _pages(store: Store, cursor: Any = None) -> list[ListingPage]:
    return [page async for page in fetch_listings(store, cursor)]


def _ids(pages: list[ListingPage]) -> list[str | None]:
    return [record.external_id for page in pages for record in page.records]


def _read(pages: list[ListingPage]) -> list[Listing]:
    return [listing for page in pages for record in page.records for listing in page.read(record.raw)]


@pytest.fixture
def shelf(api: respx.MockRouter) -> Shelf:
    return Shelf(api, *map(_product, range(1, 501)))


async def test_products_are_read_in_the_largest_pages_that_the_platform_gives(shelf: Shelf, store: Store) -> None:
    assert _ids(await _pages(store)) == [str(one) for one in range(1, 501)]
    assert [(asked["offset"], asked["limit"]) for asked in shelf.asked] == [
        ("1", "200"),
        ("196", "200"),
        ("391", "200"),
        ("496", "200"),
    ]


async def test_the_products_of_a_page_come_with_their_variants(
    api: respx.MockRouter, example: Callable[[str], Any], store: Store
) -> None:
    api.get(f"{API}/Products").respond(json=example("products_list_v1"))
    pages = await _pages(store)
    assert _ids(pages) == ["44", "28"]
    assert [one.external_id for one in _read(pages)] == ["44/173", "44/174", "44/175", "44/176", "44/177", "28"]


async def test_prices_are_in_the_currency_of_the_store(api: respx.MockRouter, store: Store) -> None:
    Shelf(api, {"SKUInfo": {"CatalogID": 1, "Price": 5, "Currency": "USD"}})
    (listing,) = _read(await _pages(replace(store, currency="EUR")))
    assert listing.price is not None
    assert listing.price.currency == "EUR"


async def test_without_a_currency_nothing_is_read(shelf: Shelf, store: Store) -> None:
    with pytest.raises(InputError, match="currency"):
        await _pages(replace(store, currency=None))
    assert not shelf.asked


async def test_a_broken_product_is_a_reject_and_holds_up_no_other(api: respx.MockRouter, store: Store) -> None:
    Shelf(api, _product(1), _product(None), {"SKUInfo": {"CatalogID": 3, "Stock": "many"}}, _product(4))
    (page,) = await _pages(store)
    assert _ids([page]) == ["1", None, "3", "4"]
    for record in page.records[1:3]:
        with pytest.raises(RejectedError):
            page.read(record.raw)
    assert page.read(page.records[3].raw)[0].external_id == "4"


async def test_a_store_without_products_has_no_pages(api: respx.MockRouter, store: Store) -> None:
    Shelf(api)
    assert await _pages(store) == []


async def test_a_read_goes_on_after_the_page_whose_cursor_it_is_given(shelf: Shelf, store: Store) -> None:
    pages = await _pages(store)
    cursor = json.loads(json.dumps(pages[1].cursor))
    assert {*_ids(pages[:2]), *_ids(await _pages(store, cursor))} == {str(one) for one in range(1, 501)}
    assert [asked["offset"] for asked in shelf.asked][4:] == ["391", "496"]


@pytest.mark.parametrize("cursor", [7, {"v": 99}, {"v": 1, "what": 2}])
async def test_a_cursor_of_another_version_is_not_gone_on_from(cursor: Any, shelf: Shelf, store: Store) -> None:
    with pytest.raises(CursorExpiredError):
        await _pages(store, cursor)


async def test_products_that_are_there_all_the_time_are_read_while_others_go(shelf: Shelf, store: Store) -> None:
    shelf.between.append(lambda: shelf.products.__delitem__(slice(0, 150)))
    found = set(_ids(await _pages(store)))
    assert {str(one) for one in range(151, 501)} <= found


async def test_products_that_are_there_all_the_time_are_read_while_others_come(shelf: Shelf, store: Store) -> None:
    shelf.between.append(lambda: shelf.products.__setitem__(slice(0, 0), map(_product, range(9001, 9101))))
    found = set(_ids(await _pages(store)))
    assert {str(one) for one in range(1, 501)} <= found


@pytest.mark.parametrize(
    "end",
    [
        httpx.Response(404),
        httpx.Response(200),
        httpx.Response(200, json=[]),
        httpx.Response(400, json=[{"Key": "Error", "Message": "Offset amount exceeds the total number of records"}]),
    ],
    ids=["404", "empty", "array", "400"],
)
async def test_the_end_may_be_said_in_many_ways(end: httpx.Response, api: respx.MockRouter, store: Store) -> None:
    first = httpx.Response(200, json=[_product(1)])
    api.get(f"{API}/Products").mock(side_effect=[first, end])
    assert _ids(await _pages(store)) == ["1"]


async def test_a_fault_of_the_server_is_the_end_only_beyond_what_it_counts(api: respx.MockRouter, store: Store) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "countonly" in request.url.params:
            return httpx.Response(200, json={"TotalCount": 9})
        return httpx.Response(500)

    api.get(f"{API}/Products").mock(side_effect=answer)
    with pytest.raises(UnavailableError):
        await _pages(store)


async def test_a_page_for_people_is_no_list(api: respx.MockRouter, store: Store) -> None:
    api.get(f"{API}/Products").respond(200, html="<html><title>Under maintenance</title></html>")
    with pytest.raises(ResponseError, match="Under maintenance"):
        await _pages(store)


async def test_a_store_that_lets_the_hub_in_but_not_to_the_products_lacks_a_right(
    api: respx.MockRouter, store: Store
) -> None:
    api.get(f"{API}/Products").respond(401)
    api.get(f"{API}/StoreSettings").respond(json={})
    with pytest.raises(PermissionMissingError, match="'Products: read'"):
        await _pages(store)
