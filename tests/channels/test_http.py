"""What a store answers becomes an answer or an error of the hub; within its limits, and without waiting."""

import json as jsonlib
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import anyio
import httpcore
import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from hub_core.channels import faults
from hub_core.channels.http import StoreHttp
from hub_core.domain.errors import (
    AuthorizationError,
    BudgetError,
    ChannelError,
    PermissionMissingError,
    ResponseError,
    UnavailableError,
)
from tests.channels.servers import NOW, FakeBudget, FakeClock

URL = "https://shop.example/orders"
SOON = timedelta(seconds=40)
TOKEN = "7f3c9a1e5b2d4c6f8a0b1c2d3e4f5a6b"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budget() -> FakeBudget:
    return FakeBudget()


@pytest.fixture
async def http(clock: FakeClock, budget: FakeBudget) -> AsyncIterator[StoreHttp]:
    async with StoreHttp(budget=budget, clock=clock, scrub=["CardNumber"], secrets=[TOKEN]) as client:
        yield client


async def test_a_good_answer_comes_back_scrubbed(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL, params={"limit": "3", "datestart": "05/06/2024 10:00:00"}).respond(
        201, content=b'\xef\xbb\xbf[{"CardNumber":"4111","OrderAmount":1.10}, {}]', headers={"X-A": "b"}
    )
    answer = await http.request("get", URL, params={"limit": 3, "datestart": "05/06/2024 10:00:00"})
    assert (answer.status, answer.headers["x-a"]) == (201, "b")
    assert answer.body == b'[{"CardNumber":"","OrderAmount":1.10},{}]'
    assert answer.records() == [b'{"CardNumber":"","OrderAmount":1.10}', b"{}"]
    assert answer.json()[0]["OrderAmount"] == Decimal("1.10")
    assert (http.calls, http.waited) == (1, 0)


async def test_parameters_join_those_of_a_next_link(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(url__regex=r".*").respond(json=[])
    await http.request("GET", URL + "?page=a%2Fb", params={"limit": 2})
    await http.request("GET", URL + "?page=a%2Fb")
    assert [str(call.request.url) for call in route.calls] == [URL + "?page=a%2Fb&limit=2", URL + "?page=a%2Fb"]


@pytest.mark.parametrize(
    ("given", "kind", "sent"),
    [
        ({"json": [{"Price": Decimal("1.10")}]}, "application/json", b'[{"Price":1.10}]'),
        ({"json": {}}, "application/json", b"{}"),
        ({"form": {"code": "a b&"}}, "application/x-www-form-urlencoded", b"code=a+b%26"),
    ],
)
async def test_a_body_is_sent_in_the_wanted_form(
    given: dict[str, Any], kind: str, sent: bytes, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.put(URL).respond(json=[])
    await http.request("PUT", URL, headers={"Token": TOKEN}, **given)
    request = route.calls.last.request
    assert (request.headers["content-type"], request.content) == (kind, sent)
    assert request.headers["token"] == TOKEN
    assert request.headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (204, None),
        (206, None),
        (304, ResponseError),
        (400, ResponseError),
        (401, AuthorizationError),
        (403, PermissionMissingError),
        (404, ResponseError),
        (408, UnavailableError),
        (415, ResponseError),
        (418, ResponseError),
        (429, UnavailableError),
        (500, UnavailableError),
        (501, UnavailableError),
        (503, UnavailableError),
        (520, UnavailableError),
        (599, UnavailableError),
    ],
)
async def test_each_status_becomes_what_the_hub_does_next(
    status: int, error: type[ChannelError] | None, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(URL).respond(status)
    if error is None:
        assert (await http.request("POST", URL)).status == status
        return
    with pytest.raises(error, match=r"shop\.example .*\.$") as caught:
        await http.request("POST", URL)
    assert str(status) in str(caught.value)
    assert isinstance(caught.value, UnavailableError) == (error is UnavailableError)


async def test_a_missing_right_is_named_by_what_was_asked(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).respond(403)
    with pytest.raises(PermissionMissingError, match="does not let the hub do 'GET /orders'") as caught:
        await http.request("GET", URL)
    assert caught.value.right == "GET /orders"


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
async def test_an_expected_status_is_an_answer_and_is_not_asked_again(
    status: int, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).respond(status, text="x")
    answer = await http.request("GET", URL, expect={status})
    assert (answer.status, answer.body, http.calls) == (status, b"x", 1)


@pytest.mark.parametrize("status", [408, 500, 502, 504])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_safe_request_is_sent_again_after_a_passing_fault(
    *, method: str, status: int, http: StoreHttp, budget: FakeBudget, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    respx_mock.request(method, URL).mock(side_effect=[httpx.Response(status)] * 3 + [httpx.Response(200)])
    assert (await http.request(method, URL, budget="reports")).status == 200
    assert http.calls == 4
    assert budget.taken == ["reports"] * 4
    assert [0.5, 1.0, 2.0] <= clock.slept <= [0.7, 1.3, 2.3]
    assert http.waited == sum(clock.slept)


async def test_a_safe_request_is_sent_four_times_at_most(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).respond(503)
    with pytest.raises(UnavailableError, match=r"shop\.example has a fault of its own \(503\)") as caught:
        await http.request("GET", URL)
    assert (http.calls, caught.value.retry_after) == (4, 5)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "2"}])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_store_that_is_asked_too_much_is_left_alone_for_5_seconds_and_a_little(
    *, status: int, headers: dict[str, str], http: StoreHttp, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).respond(status, headers=headers)
    with pytest.raises(UnavailableError):
        await http.request("GET", URL)
    assert len(clock.slept) == 3
    assert all(5 < slept <= 5.25 for slept in clock.slept)
    assert len(set(clock.slept)) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("fault", [httpx.Response(503), httpx.ReadTimeout("x"), httpx.ConnectError("x")])
async def test_an_unsafe_request_is_never_sent_again(
    method: str, fault: Any, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.request(method, URL).mock(side_effect=[fault])
    with pytest.raises(UnavailableError):
        await http.request(method, URL)
    assert http.calls == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_lasting_fault_is_not_asked_again(status: int, http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).respond(status)
    with pytest.raises(ChannelError):
        await http.request("GET", URL)
    assert http.calls == 1


@pytest.mark.parametrize("text", ["9", format_datetime(NOW + timedelta(seconds=9), usegmt=True)])
async def test_the_store_says_how_long_to_wait(
    text: str, http: StoreHttp, budget: FakeBudget, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).mock(side_effect=[httpx.Response(429, headers={"Retry-After": text}), httpx.Response(200)])
    await http.request("GET", URL)
    assert 9 <= clock.slept[0] <= 9.25
    assert budget.refusals == [("default", 9)]


@pytest.mark.parametrize("text", ["16", format_datetime(NOW + timedelta(seconds=3600), usegmt=True), "999999999"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_longer_wait_is_left_to_the_engine(
    *, text: str, status: int, http: StoreHttp, budget: FakeBudget, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).respond(status, headers={"Retry-After": text})
    with pytest.raises(UnavailableError) as caught:
        await http.request("GET", URL)
    assert caught.value.retry_after == budget.refusals[0][1] > 15
    assert (http.calls, clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("status", "headers", "refusals"),
    [
        (429, {}, [5]),
        (429, {"Retry-After": "2"}, [5]),
        (429, {"Retry-After": "soon"}, [5]),
        (429, {"Retry-After": "-1"}, [5]),
        (429, {"Retry-After": format_datetime(NOW - timedelta(days=1), usegmt=True)}, [5]),
        (429, {"Retry-After": "Mon, 06 May 2024 10:00:12 -0000"}, [12]),
        (503, {"Retry-After": "7"}, [7]),
        (503, {"Retry-After": "2"}, [5]),
        (503, {}, [5]),
        (500, {}, []),
        (500, {"Retry-After": "7"}, []),
    ],
)
async def test_the_budget_is_told_when_the_store_is_asked_too_much(
    *, status: int, headers: dict[str, str], refusals: list[float], http: StoreHttp, budget: FakeBudget, respx_mock: Any
) -> None:
    respx_mock.post(URL).respond(status, headers=headers)
    with pytest.raises(UnavailableError):
        await http.request("POST", URL)
    assert budget.refusals == [("default", seconds) for seconds in refusals]


@pytest.mark.parametrize(
    ("text", "closed", "said"),
    [
        ("3600", 3600, "The hub asks again in 60 minutes."),
        ("7200", 3600, "It wants to be left alone for 2 hours; the hub asks again in 60 minutes."),
        ("604800", 3600, "It wants to be left alone for 7 days; the hub asks again in 60 minutes."),
        ("9" * 400, 3600, "It wants to be left alone for years; the hub asks again in 60 minutes."),
        (format_datetime(NOW + timedelta(days=3), usegmt=True), 3600, "It wants to be left alone for 3 days;"),
        ("90.0", 90, "The hub asks again in 90 s."),
        ("-3600", 5, "The hub asks again in 5 s."),
        ("1e9", 5, "The hub asks again in 5 s."),
        ("soon", 5, "The hub asks again in 5 s."),
    ],
)
async def test_nobody_leaves_a_store_alone_for_more_than_an_hour_and_the_error_says_so(
    *, text: str, closed: float, said: str, http: StoreHttp, budget: FakeBudget, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(URL).respond(429, headers={"Retry-After": text})
    with pytest.raises(UnavailableError) as caught:
        await http.request("POST", URL)
    assert said in str(caught.value)
    assert caught.value.retry_after == closed
    assert budget.refusals == [("default", closed)]


async def test_other_faults_are_not_waited_for_longer_than_an_hour_either(
    http: StoreHttp, budget: FakeBudget, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(URL).respond(500, headers={"Retry-After": "99999"})
    with pytest.raises(UnavailableError, match="It wants to be left alone for 28 hours; the hub asks") as caught:
        await http.request("POST", URL)
    assert (caught.value.retry_after, budget.refusals) == (3600, [])


async def test_a_date_counts_from_the_store_s_own_clock(
    http: StoreHttp, budget: FakeBudget, respx_mock: respx.MockRouter
) -> None:
    there = NOW + timedelta(hours=5)
    dates = {name: format_datetime(at, usegmt=True) for name, at in (("Date", there), ("Retry-After", there + SOON))}
    respx_mock.post(URL).respond(429, headers=dates)
    with pytest.raises(UnavailableError):
        await http.request("POST", URL)
    assert budget.refusals == [("default", 40)]


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"])), date=st.text(max_size=40))
def test_no_retry_after_whatever_it_says_closes_a_store_for_ever(text: str, date: str) -> None:
    assert 5 <= faults.closure(faults.retry_after({"retry-after": text, "date": date}, NOW)) <= 3600


async def test_each_time_that_a_request_is_sent_counts(
    http: StoreHttp, budget: FakeBudget, respx_mock: respx.MockRouter
) -> None:
    moved = httpx.Response(302, headers={"Location": URL})
    respx_mock.get(URL).mock(side_effect=[moved, httpx.Response(500), moved, httpx.Response(200)])
    await http.request("GET", URL, budget="reports", cost=3)
    assert (budget.taken, http.calls) == (["reports"] * 12, 4)


@pytest.mark.parametrize(("wanted", "closed"), [(None, 5), (2, 5), (60, 60), (9999, 3600)])
async def test_a_channel_can_tell_the_budget_that_the_store_is_asked_too_much(
    wanted: float | None, closed: float, http: StoreHttp, budget: FakeBudget
) -> None:
    assert await http.throttled("reports", wanted) == closed
    assert budget.refusals == [("reports", closed)]


async def test_a_request_waits_for_its_budget(
    http: StoreHttp, budget: FakeBudget, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).respond(json=[])
    budget.waits = [0.5, 3.0]
    await http.request("GET", URL)
    assert budget.taken == ["default"] * 3
    assert len(clock.slept) == 2
    assert 3.5 <= http.waited <= 4


@pytest.mark.parametrize("waits", [[15.1], [10.0, 10.0], [3600.0]])
async def test_no_request_waits_longer_than_15_seconds_for_its_budget(
    waits: list[float], http: StoreHttp, budget: FakeBudget
) -> None:
    budget.waits = [*waits]
    with pytest.raises(BudgetError, match=r"rate limit of shop\.example leaves no room") as caught:
        await http.request("GET", URL)
    assert caught.value.retry_after is not None
    assert waits[-1] <= caught.value.retry_after <= waits[-1] + 0.25
    assert (http.calls, len(budget.taken)) == (0, len(waits))


SAID = {
    "shop.example did not answer in time": [
        httpx.ReadTimeout("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
        httpcore.WriteTimeout("x"),
        httpcore.ReadTimeout("x"),
        TimeoutError(),
    ],
    "The connection to shop.example broke off": [
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("x"),
        httpcore.ReadError("x"),
        httpcore.RemoteProtocolError("x"),
        httpcore.WriteError("x"),
        anyio.BrokenResourceError(),
        anyio.ClosedResourceError(),
        anyio.EndOfStream(),
        ConnectionResetError(),
        ssl.SSLError("x"),
    ],
    "shop.example cannot be reached": [httpx.ConnectError("x"), httpcore.ConnectError("x"), httpcore.ProxyError("x")],
}


@pytest.mark.parametrize(("said", "fault"), [(said, fault) for said, faults in SAID.items() for fault in faults])
async def test_each_fault_of_the_network_is_unavailable_and_is_tried_again(
    said: str, fault: Exception, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).mock(side_effect=fault)
    with pytest.raises(UnavailableError, match=said):
        await http.request("GET", URL)
    assert http.calls == 4


@pytest.mark.parametrize(
    "fault",
    [httpx.DecodingError("x"), httpx.LocalProtocolError("x"), httpcore.UnsupportedProtocol("x"), httpx.StreamClosed()],
)
async def test_what_makes_no_sense_is_not_understood_and_not_tried_again(
    fault: Exception, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).mock(side_effect=fault)
    with pytest.raises(ResponseError, match=r"shop\.example"):
        await http.request("GET", URL)
    assert http.calls == 1


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "t\u00f6ken", "a\x00b", "\u2019"])
async def test_a_credential_that_cannot_be_sent_must_be_entered_again(value: str, http: StoreHttp) -> None:
    with pytest.raises(AuthorizationError, match="'Token' holds characters") as caught:
        await http.request("GET", URL, headers={"Token": value})
    assert value not in str(caught.value)
    assert http.calls == 0


@pytest.mark.parametrize("url", ["http://shop.example/", "https://10.0.0.1/", "https://u:p@shop.example", "shop"])
async def test_an_address_of_the_wrong_form_gets_no_request(url: str, http: StoreHttp, budget: FakeBudget) -> None:
    with pytest.raises(ResponseError):
        await http.request("GET", url)
    assert (http.calls, budget.taken) == (0, [])


async def test_parameters_that_no_address_can_hold_are_refused(http: StoreHttp) -> None:
    with pytest.raises(ResponseError):
        await http.request("GET", URL, params={"cursor": "x" * 70_000})


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"<!DOCTYPE html><title> Sign\n in </title>", "text/html", "an HTML page titled 'Sign in' where JSON"),
        (b" <html><body>x", "application/json", "an HTML page where JSON was expected"),
        (b"", "application/json", "answered with nothing where"),
        (b'{"a":', "application/json; charset=utf-8", r"""with '{"a":' \(application/json; charset=utf-8\) where"""),
        (b"NaN \x1b[31m\x00\xff x", "", r"with 'NaN \[31m \ufffd x' \(of no stated type\) where"),
        (b"[" * 5000 + b"]" * 5000, "a/b", r"with '\[{200}…' \(a/b\)"),
        (b"[1e99999999999999999999.]", "a/b", "where JSON was expected"),
        (b'["\xff"]', "a/b", "where JSON was expected"),
        (b'{"CardNumber":"4111", oops ' + TOKEN.encode(), "a/b", r"""with '{"CardNumber":"", oops \*\*\*' \(a/b\)"""),
    ],
)
async def test_what_is_no_json_is_quoted_in_brief_and_without_secrets(
    body: bytes, kind: str, said: str, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).respond(content=body, headers={"content-type": kind} if kind else {})
    answer = await http.request("GET", URL)
    with pytest.raises(ResponseError, match=said) as caught:
        answer.json()
    assert str(caught.value).startswith("shop.example answered ")
    assert len(str(caught.value)) < 500


async def test_an_object_is_no_list_of_records(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).respond(json={"Message": "no"})
    answer = await http.request("GET", URL)
    with pytest.raises(ResponseError, match="where a JSON list was expected"):
        answer.records()


async def test_one_faulty_record_leaves_the_others(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).respond(content=b'[{"a":1}, {"a":NaN} ,{"a":"\\ud83d"}]')
    answer = await http.request("GET", URL)
    assert answer.records() == [b'{"a":1}', b'{"a":NaN}', b'{"a":"\\ufffd"}']


async def test_large_and_fine_numbers_are_read_exactly(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).respond(content=b"[12345678901234567890123, 0.12345678901234567890123, 1]")
    numbers = (await http.request("GET", URL)).json()
    assert numbers == [12345678901234567890123, Decimal("0.12345678901234567890123"), 1]
    assert jsonlib.dumps(numbers[0]) == "12345678901234567890123"


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("utf-8", '["ä"]'.encode()),
        ("iso-8859-1", '["ä"]'.encode("latin-1")),
        ("windows-1252", '["ä"]'.encode("cp1252")),
        ("utf-16", '["ä"]'.encode("utf-16")),
        ("x-unknown", '["ä"]'.encode()),
        ("utf-16", b'["\xc3\xa4"]'),
        ("rot13", '["ä"]'.encode()),
    ],
)
async def test_other_encodings_of_text_are_read(
    charset: str, body: bytes, http: StoreHttp, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(URL).respond(content=body, headers={"content-type": f"application/json; charset={charset}"})
    assert (await http.request("GET", URL)).json() == ["ä"]


async def test_no_error_shows_a_secret_that_the_store_sent_back(http: StoreHttp, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"https://shop.example/{TOKEN}").respond(400, text=f"bad {TOKEN}", headers={"content-type": TOKEN})
    with pytest.raises(ResponseError) as caught:
        await http.request("GET", f"https://shop.example/{TOKEN}")
    assert str(caught.value).startswith("shop.example answered GET /*** with status 400 with 'bad ***' (***), which")
