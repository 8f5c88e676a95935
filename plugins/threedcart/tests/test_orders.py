from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import respx

from hub_core import (
    AuthorizationError,
    CursorExpiredError,
    InputError,
    OrderPage,
    PermissionMissingError,
    Poll,
    RejectedError,
    ResponseError,
    Store,
    UnavailableError,
    Window,
)
from hub_threedcart.channel import count_orders, fetch_order, fetch_orders

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
PAST_END = [
    {"Key": "Error", "Value": "", "Status": "400", "Message": "Offset amount exceeds the total number of records"}
]
Collect = Callable[..., Any]


def _order(order_id: Any, status: int = 1) -> dict[str, Any]:
    return {"OrderID": order_id, "OrderStatusID": status, "OrderDate": "2024-05-06T10:14:02", "OrderAmount": 0}


def _ids(pages: list[OrderPage]) -> list[str | None]:
    return [record.external_id for page in pages for record in page.records]


class Shelf:
    """The list of orders of a store, filtered by status and cut into pages as the platform does it."""

    def __init__(self, api: respx.MockRouter, *orders: dict[str, Any]) -> None:
        self.orders = list(orders)
        self.asked: list[dict[str, str]] = []
        self.route = api.get(f"{API}/Orders").mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = dict(request.url.params)
        self.asked.append(asked)
        status = asked.get("orderstatus")
        found = [order for order in self.orders if status in (None, str(order["OrderStatusID"]))]
        if "countonly" in asked:
            return httpx.Response(200, json={"TotalCount": len(found)})
        start = int(asked["offset"]) - 1
        rows = found[start : start + int(asked["limit"])]
        return httpx.Response(200, json=rows) if rows else httpx.Response(404)


@pytest.fixture
def shelf(api: respx.MockRouter) -> Shelf:
    return Shelf(api, *map(_order, range(1, 701)))


async def test_a_long_list_is_read_page_by_page(shelf: Shelf, collect: Collect) -> None:
    assert _ids(await collect()) == [str(one) for one in range(1, 701)]
    assert [(asked["offset"], asked["limit"]) for asked in shelf.asked] == [
        ("1", "300"),
        ("296", "300"),
        ("591", "300"),
        ("696", "300"),
    ]


async def test_the_way_in_is_sent_with_each_request(shelf: Shelf, collect: Collect) -> None:
    await collect()
    sent = shelf.route.calls.last.request.headers
    assert sent["secureurl"] == "https://demo-store.3dcartstores.example"
    assert (sent["privatekey"], sent["token"]) == ("56" * 16, "34" * 16)
    assert sent["accept"] == "application/json"
    assert "authorization" not in sent


async def test_the_text_of_an_order_is_kept_as_it_was_sent(api: respx.MockRouter, collect: Collect) -> None:
    api.get(f"{API}/Orders").respond(
        content=b'[ {"OrderID":1,\n "OrderAmount": 5.10} ]', content_type="application/json"
    )
    (page,) = await collect()
    assert page.records[0].raw == b'{"OrderID":1,\n "OrderAmount": 5.10}'


async def test_carts_are_left_out(api: respx.MockRouter, collect: Collect) -> None:
    Shelf(api, _order(1), _order(2, status=7), _order(3))
    assert _ids(await collect()) == ["1", "3"]


@pytest.mark.parametrize("broken", [{"OrderStatusID": 1}, {"OrderID": "x", "OrderStatusID": 1}, {"OrderID": None}])
async def test_an_order_that_cannot_be_told_is_kept_for_the_rejects(
    broken: dict[str, Any], api: respx.MockRouter, collect: Collect
) -> None:
    Shelf(api, _order(1), {"OrderStatusID": None, **broken}, _order(3))
    (page,) = await collect()
    assert _ids([page]) == ["1", None, "3"]
    with pytest.raises(RejectedError):
        page.read(page.records[1].raw)
    assert page.read(page.records[2].raw).external_id == "3"


async def test_labels_are_asked_for_once_a_read(shelf: Shelf, api: respx.MockRouter, collect: Collect) -> None:
    pages = await collect()
    assert api["statuses"].call_count == 1
    assert pages[-1].read(pages[-1].records[0].raw).channel_status.label == "New"


async def test_labels_are_not_asked_for_where_there_is_nothing_to_label(
    api: respx.MockRouter, collect: Collect
) -> None:
    Shelf(api)
    assert await collect() == []
    assert not api["statuses"].called


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_without_labels_the_orders_come_all_the_same(
    status: int, shelf: Shelf, api: respx.MockRouter, collect: Collect
) -> None:
    api["statuses"].respond(status)
    pages = await collect()
    assert pages[0].read(pages[0].records[0].raw).channel_status.label == ""


async def test_labels_that_make_no_sense_are_not_understood(
    shelf: Shelf, api: respx.MockRouter, collect: Collect
) -> None:
    api["statuses"].respond(json=[{"OrderStatusID": "first"}])
    with pytest.raises(ResponseError, match="statuses of the store"):
        await collect()


# Windows

WINDOW = Window(start=datetime(2024, 5, 6, 12, tzinfo=UTC), end=datetime(2024, 5, 7, 3, 30, 0, 1, tzinfo=UTC))


def _filters(shelf: Shelf) -> dict[str, str]:
    return {name: value for name, value in shelf.asked[0].items() if name not in ("limit", "offset")}


@pytest.mark.parametrize("poll", [Poll.NEW, Poll.SWEEP])
async def test_orders_are_looked_for_by_their_date_in_the_stores_own_time(
    poll: Poll, shelf: Shelf, collect: Collect
) -> None:
    await collect(poll, WINDOW)
    assert _filters(shelf) == {"datestart": "05/06/2024 08:00:00", "dateend": "05/06/2024 23:30:01"}


async def test_changes_are_looked_for_in_whole_days_and_one_more(shelf: Shelf, collect: Collect) -> None:
    await collect(Poll.CHANGED, WINDOW)
    assert _filters(shelf) == {"lastupdatestart": "05/06/2024", "lastupdateend": "05/07/2024"}


@pytest.mark.parametrize("poll", [Poll.NEW, Poll.CHANGED])
async def test_an_open_window_has_no_filter(poll: Poll, shelf: Shelf, collect: Collect) -> None:
    await collect(poll)
    assert _filters(shelf) == {}


async def test_a_window_that_starts_in_the_first_of_two_equal_hours_holds_the_second(
    shelf: Shelf, collect: Collect
) -> None:
    await collect(Poll.NEW, Window(start=datetime(2024, 11, 3, 5, 50, tzinfo=UTC)))
    assert _filters(shelf) == {"datestart": "11/03/2024 00:50:00"}


@pytest.mark.parametrize("lacking", ["timezone", "currency"])
async def test_without_zone_or_currency_nothing_is_read(lacking: str, shelf: Shelf, store: Store) -> None:
    bare = replace(store, timezone=None) if lacking == "timezone" else replace(store, currency=None)
    with pytest.raises(InputError, match=f"`{lacking}`"):
        [page async for page in fetch_orders(bare, Poll.NEW, WINDOW, None)]
    assert not shelf.asked


# One status after the other


async def test_open_orders_are_read_by_each_status_that_is_not_done(api: respx.MockRouter, collect: Collect) -> None:
    shelf = Shelf(api, *(_order(100 + status, status) for status in range(1, 15)))
    assert _ids(await collect(Poll.OPEN)) == ["101", "102", "103", "106", "108", "109", "110", "111", "113"]
    assert "7" not in {asked["orderstatus"] for asked in shelf.asked}


async def test_without_a_list_of_statuses_all_known_ones_are_read(api: respx.MockRouter, collect: Collect) -> None:
    api["statuses"].respond(401)
    Shelf(api, _order(1, 14), _order(2, 19), _order(3, 4))
    assert _ids(await collect(Poll.OPEN)) == ["1", "2"]


async def test_each_status_has_a_cursor_so_that_many_empty_ones_can_be_interrupted(
    api: respx.MockRouter, collect: Collect
) -> None:
    shelf = Shelf(api)
    pages = await collect(Poll.OPEN)
    assert len(pages) == 9
    shelf.asked.clear()
    await collect(Poll.OPEN, cursor=pages[7].cursor)
    assert [asked["orderstatus"] for asked in shelf.asked] == ["11", "13"]


# Cursors


@pytest.mark.parametrize("poll", [Poll.NEW, Poll.OPEN])
@pytest.mark.parametrize("stop", range(4))
async def test_a_read_goes_on_from_any_cursor(poll: Poll, stop: int, shelf: Shelf, collect: Collect) -> None:
    whole = await collect(poll)
    cursor = json.loads(json.dumps(whole[min(stop, len(whole) - 1)].cursor))
    rest = await collect(poll, cursor=cursor)
    assert {*_ids(whole[: stop + 1]), *_ids(rest)} == {str(one) for one in range(1, 701)}


async def test_a_read_goes_on_without_asking_for_what_was_read(shelf: Shelf, collect: Collect) -> None:
    pages = await collect()
    shelf.asked.clear()
    await collect(cursor=pages[1].cursor)
    assert shelf.asked[0]["offset"] == "591"


@pytest.mark.parametrize("cursor", [5, "x", [], {"v": 2}, {"v": 1, "page": 3}, {"v": 1, "place": {"seen": "x"}}])
async def test_a_cursor_that_is_not_understood_starts_the_window_again(
    cursor: Any, shelf: Shelf, collect: Collect
) -> None:
    with pytest.raises(CursorExpiredError):
        await collect(cursor=cursor)
    assert not shelf.asked


# The ways of saying "nothing"

NOTHING = [
    httpx.Response(404),
    httpx.Response(404, json=[{"Key": "Error", "Status": "404", "Message": "No records"}]),
    httpx.Response(400, json=PAST_END),
    httpx.Response(200, json=PAST_END),
    httpx.Response(200),
    httpx.Response(200, content=b" \r\n", headers={"content-type": "application/json"}),
    httpx.Response(204),
    httpx.Response(200, json=[]),
]


@pytest.mark.parametrize(
    "nothing", NOTHING, ids=lambda answer: f"{answer.status_code}-{answer.text[:12].strip()}-{len(answer.content)}"
)
async def test_each_way_of_saying_nothing_is_an_empty_list(
    nothing: httpx.Response, api: respx.MockRouter, collect: Collect
) -> None:
    api.get(f"{API}/Orders").mock(return_value=nothing)
    assert await collect() == []


async def test_a_fault_means_nothing_where_the_store_counts_none(api: respx.MockRouter, collect: Collect) -> None:
    api.get(f"{API}/Orders", params={"countonly": "1"}).respond(json={"TotalCount": 0})
    api.get(f"{API}/Orders").respond(500)
    assert await collect() == []


async def test_a_fault_is_one_where_the_store_counts_orders(api: respx.MockRouter, collect: Collect) -> None:
    api.get(f"{API}/Orders", params={"countonly": "1"}).respond(json={"TotalCount": 1})
    api.get(f"{API}/Orders").respond(500)
    with pytest.raises(UnavailableError):
        await collect()


async def test_a_fault_that_passes_costs_nothing_but_another_request(api: respx.MockRouter, collect: Collect) -> None:
    api.get(f"{API}/Orders", params={"countonly": "1"}).respond(json={"TotalCount": 1})
    once = [httpx.Response(500), httpx.Response(503), httpx.Response(200, json=[_order(1)]), httpx.Response(404)]
    api.get(f"{API}/Orders").mock(side_effect=once)
    assert _ids(await collect()) == ["1"]


# Errors


def _page_of(kind: str, text: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=text.encode(), headers={"content-type": kind})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400), ResponseError),
        (httpx.Response(400, json=[{"Key": "Error", "Status": "400", "Message": "Bad request"}]), ResponseError),
        (httpx.Response(200, json=[{"Key": "Error", "Status": "400", "Message": "Bad request"}]), ResponseError),
        (httpx.Response(200, json={"Message": "An error has occurred."}), ResponseError),
        (httpx.Response(400, json=[]), ResponseError),
        (httpx.Response(415), ResponseError),
        (httpx.Response(429), UnavailableError),
        (httpx.Response(503), UnavailableError),
        (httpx.Response(200, json=[{"Key": "Error", "Message": "Request limit reached"}]), UnavailableError),
        (httpx.Response(400, json={"Message": "API calls are throttled"}), UnavailableError),
        (_page_of("text/html", "<html><title>Runtime Error</title></html>"), ResponseError),
        (_page_of("text/html", "<html><title>Not Found</title></html>", 404), ResponseError),
        (_page_of("text/html", "<html>You are being throttled</html>", 400), UnavailableError),
        (_page_of("application/xml", "<Orders/>"), ResponseError),
        (_page_of("application/json", '[{"OrderID":1,"OrderSta'), ResponseError),
        (_page_of("application/json", "[1, 2"), ResponseError),
        (_page_of("application/json", '"text"'), ResponseError),
    ],
    ids=range(17),
)
async def test_each_wrong_answer_is_the_error_that_says_what_to_do(
    answer: httpx.Response, error: type[Exception], api: respx.MockRouter, collect: Collect
) -> None:
    api.get(f"{API}/Orders").mock(return_value=answer)
    with pytest.raises(error) as raised:
        await collect()
    assert type(raised.value) is error or issubclass(type(raised.value), UnavailableError)


_TOO_MUCH = [
    (400, {"Message": "API calls are throttled"}),
    (200, {"Message": "Too many requests, slow down."}),
    (200, [{"Key": "Error", "Message": "Request limit reached"}]),
    (400, [{"Key": "Error", "Message": "You exceeded the limit"}]),
    (400, [{"Key": "Error", "Message": "Rate Limit"}]),
]


@pytest.mark.parametrize(("status", "body"), _TOO_MUCH)
@pytest.mark.parametrize(("headers", "closed"), [({}, 5), ({"Retry-After": "30"}, 30), ({"Retry-After": "soon"}, 5)])
async def test_the_rate_budget_learns_of_a_store_that_says_in_words_that_it_is_asked_too_much(
    *,
    status: int,
    body: Any,
    headers: dict[str, str],
    closed: float,
    api: respx.MockRouter,
    collect: Collect,
    budget: Any,
) -> None:
    api.get(f"{API}/Orders").respond(status, json=body, headers=headers)
    with pytest.raises(UnavailableError, match="is asked too often") as raised:
        await collect()
    assert raised.value.retry_after == closed
    assert budget.closures == [("default", closed)]


@pytest.mark.parametrize(
    "text", ["The value of limit is not valid.", "This limited edition is separate", "Bad request"]
)
async def test_a_refusal_that_only_speaks_of_a_limit_is_no_throttling(
    text: str, api: respx.MockRouter, collect: Collect, budget: Any
) -> None:
    api.get(f"{API}/Orders").respond(400, json=[{"Key": "Error", "Message": text}])
    with pytest.raises(ResponseError):
        await collect()
    assert budget.closures == []


async def test_refused_everywhere_means_wrong_credentials(api: respx.MockRouter, collect: Collect) -> None:
    api.get(url__startswith=API).respond(401)
    with pytest.raises(AuthorizationError):
        await collect()


@pytest.mark.parametrize("other", ["StoreSettings", "Products"])
async def test_refused_here_but_let_in_elsewhere_means_a_missing_right(
    other: str, api: respx.MockRouter, collect: Collect
) -> None:
    api.get(f"{API}/{other}").respond(404)
    api.get(url__startswith=API).respond(401)
    with pytest.raises(PermissionMissingError, match="Orders: read"):
        await collect()


async def test_forbidden_names_the_right_as_the_merchant_sees_it(api: respx.MockRouter, collect: Collect) -> None:
    api.get(f"{API}/Orders").respond(403)
    with pytest.raises(PermissionMissingError, match="'Orders: read'"):
        await collect()


# One order, and how many there are


@pytest.mark.parametrize("body", [[_order(5)], _order(5)], ids=["list of one", "alone"])
async def test_one_order_is_fetched_by_its_id(body: Any, api: respx.MockRouter, store: Store) -> None:
    api.get(f"{API}/Orders/5").respond(json=body)
    page = await fetch_order(store, "5")
    assert [page.read(record.raw).external_id for record in page.records] == ["5"]


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(200), httpx.Response(200, json=[_order(5, status=7)])], ids=range(3)
)
async def test_an_order_that_is_gone_or_a_cart_is_none(
    answer: httpx.Response, api: respx.MockRouter, store: Store
) -> None:
    api.get(f"{API}/Orders/5").mock(return_value=answer)
    assert (await fetch_order(store, "5")).records == []


async def test_an_id_that_the_platform_cannot_have_given_is_no_order(store: Store) -> None:
    assert (await fetch_order(store, "../Products")).records == []


async def test_another_order_than_the_one_asked_for_is_not_taken(api: respx.MockRouter, store: Store) -> None:
    api.get(f"{API}/Orders/5").respond(json=[_order(6)])
    with pytest.raises(ResponseError, match="another order"):
        await fetch_order(store, "5")


async def test_carts_do_not_count(api: respx.MockRouter, store: Store) -> None:
    Shelf(api, _order(1), _order(2, status=7), _order(3))
    assert await count_orders(store, Poll.NEW, WINDOW) == 2


async def test_open_orders_are_not_counted(shelf: Shelf, store: Store) -> None:
    assert await count_orders(store, Poll.OPEN, Window()) is None
    assert not shelf.asked


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(200), httpx.Response(200, json=[])], ids=range(3)
)
async def test_no_count_is_a_count_of_zero(answer: httpx.Response, api: respx.MockRouter, store: Store) -> None:
    api.get(f"{API}/Orders").mock(return_value=answer)
    assert await count_orders(store, Poll.NEW, WINDOW) == 0


async def test_orders_where_a_count_was_asked_for_are_not_understood(api: respx.MockRouter, store: Store) -> None:
    api.get(f"{API}/Orders").respond(json=[_order(1)])
    with pytest.raises(ResponseError, match="number of rows"):
        await count_orders(store, Poll.NEW, WINDOW)


async def test_the_stores_zone_counts_not_the_machines(shelf: Shelf, store: Store) -> None:
    sydney = replace(store, timezone=ZoneInfo("Australia/Sydney"))
    [page async for page in fetch_orders(sydney, Poll.NEW, Window(start=datetime(2024, 5, 6, 20, tzinfo=UTC)), None)]
    assert _filters(shelf) == {"datestart": "05/07/2024 06:00:00"}
