from __future__ import annotations

from typing import Any

import pytest

from hub_threedcart.sandbox import Sandbox, ThreeDCartShop
from hub_threedcart.sandbox.spelling import dump

Ask = Any
PAST_END = "Offset amount exceeds the total number of records"


@pytest.fixture
def sandbox() -> Sandbox:
    """A store with 25 orders, one at the beginning of every day of May 2024."""
    sandbox = Sandbox(products=12, clock="2024-05-26T12:00:00", rate=False)
    for day in range(1, 26):
        sandbox.place(id=1000 + day, placed_at=f"2024-05-{day:02}T00:00:00", sku="A")
    return sandbox


async def ids(ask: Ask, **params: Any) -> list[int]:
    answer = await ask("/Orders", **params)
    return [order["OrderID"] - 1000 for order in answer.json()] if answer.status_code == 200 else []


async def test_a_page_has_ten_rows_unless_more_are_asked_for(ask: Ask) -> None:
    assert await ids(ask) == list(range(1, 11))


async def test_rows_ascend_by_order_id_whenever_they_were_placed(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.place(id=1000, sku="A")
    assert await ids(ask, limit=3) == [0, 1, 2]


@pytest.mark.parametrize(("offset", "first"), [(0, 1), (1, 1), (2, 2), (25, 25)])
async def test_the_offset_counts_from_one_and_zero_acts_like_one(ask: Ask, offset: int, first: int) -> None:
    assert (await ids(ask, offset=offset))[0] == first


async def test_no_page_has_more_than_300_orders(ask: Ask, sandbox: Sandbox) -> None:
    for _ in range(290):
        sandbox.place(sku="A")
    assert len(await ids(ask, limit=1000)) == 300


async def test_pages_can_be_capped_lower(ask: Ask, shop: ThreeDCartShop) -> None:
    shop.page_cap = 4
    assert await ids(ask, limit=300) == [1, 2, 3, 4]


async def test_a_count_counts_what_the_filters_leave(ask: Ask) -> None:
    assert (await ask("/Orders", countonly=1)).json() == {"TotalCount": 25}
    assert (await ask("/Orders", countonly=1, datestart="05/20/2024")).json() == {"TotalCount": 6}
    assert (await ask("/Orders", countonly=1, orderid=1)).json() == {"TotalCount": 0}


async def test_a_count_of_nothing_can_be_a_404(ask: Ask, shop: ThreeDCartShop) -> None:
    shop.empty_count = False
    assert (await ask("/Orders", countonly=1, orderid=1)).status_code == 404


async def test_dates_are_inclusive_and_an_end_without_time_covers_its_day(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.place(id=1099, placed_at="2024-05-03T23:59:59", sku="A")
    assert await ids(ask, datestart="05/02/2024", dateend="05/03/2024") == [2, 3, 99]


async def test_dates_with_time_are_inclusive_to_the_second(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.place(id=1099, placed_at="2024-05-03T14:00:01", sku="A")
    assert await ids(ask, datestart="05/03/2024 14:00:01", dateend="05/03/2024 14:00:01") == [99]
    assert await ids(ask, datestart="05/03/2024 14:00:02", dateend="05/03/2024 23:59:59") == []


async def test_dates_are_those_of_the_stores_wall_clock(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.place(id=1099, placed_at="2024-05-04T03:30:00+00:00", sku="A")  # 23:30 of the day before in New York
    assert await ids(ask, datestart="05/03/2024", dateend="05/03/2024") == [3, 99]


async def test_last_update_filters_know_days_only(ask: Ask, sandbox: Sandbox) -> None:
    for order_id in range(1001, 1026):
        sandbox.edit(order_id, members={"LastUpdate": f"2024-05-{order_id - 1000:02}T09:00:00"})
    found = await ids(ask, lastupdatestart="05/03/2024 23:00:00", lastupdateend="05/04/2024 01:00:00")
    assert found == [3, 4]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"orderstatus": 4}, [2]),
        ({"orderid": 1007}, [7]),
        ({"invoicenumber": 1003}, [3]),
        ({"invoicenumberstart": 1003, "invoicenumberend": 1005}, [3, 4, 5]),
        ({"invoicenumberstart": 1024}, [24, 25]),
        ({"invoiceprefix": "XX-"}, [9]),
        ({"billingemail": "one@example.com"}, [9]),
        ({"OrderID": 1007, "LIMIT": 1}, [7]),
        ({"orderid": "", "limit": 1}, [1]),
        ({"nonsense": "x", "limit": 1}, [1]),
    ],
    ids=str,
)
async def test_filters_leave_what_they_name(
    ask: Ask, sandbox: Sandbox, params: dict[str, Any], expected: list[int]
) -> None:
    sandbox.edit(1002, status="shipped")
    sandbox.edit(1009, members={"InvoiceNumberPrefix": "XX-", "BillingEmail": "one@example.com"})
    assert await ids(ask, **params) == expected


@pytest.mark.parametrize(
    "params",
    [
        {"datestart": "2024-05-01"},
        {"dateend": "31/05/2024"},
        {"limit": "many"},
        {"orderstatus": "New"},
        {"offset": "x"},
    ],
    ids=str,
)
async def test_a_parameter_that_cannot_be_read_gets_400(ask: Ask, params: dict[str, Any]) -> None:
    answer = await ask("/Orders", **params)
    assert answer.status_code == 400
    assert answer.json()[0]["Key"] == "Error"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("404", (404, b"")),
        ("500", (500, b"")),
        ("empty", (200, b"")),
        ("array", (200, b"[]")),
        ("400", (400, dump([{"Key": "Error", "Value": "", "Status": "400", "Message": PAST_END}]))),
    ],
)
@pytest.mark.parametrize("params", [{"offset": 26}, {"orderstatus": 9}], ids=str)
async def test_nothing_is_said_in_the_chosen_way(
    ask: Ask, shop: ThreeDCartShop, kind: str, expected: tuple[int, bytes], params: dict[str, Any]
) -> None:
    shop.nothing = kind
    answer = await ask("/Orders", **params)
    assert (answer.status_code, answer.content) == expected


async def test_one_order_comes_as_an_array_of_one(ask: Ask) -> None:
    answer = await ask("/Orders/1007")
    assert [order["OrderID"] for order in answer.json()] == [1007]


async def test_an_order_that_is_not_there_gets_404_without_a_body(ask: Ask, shop: ThreeDCartShop) -> None:
    shop.nothing = "array"
    answer = await ask("/Orders/7")
    assert (answer.status_code, answer.content) == (404, b"")


async def test_the_path_may_be_written_in_any_case(ask: Ask) -> None:
    assert (await ask("/orders/1007/")).status_code == 200


async def test_answers_carry_the_headers_of_the_platform(ask: Ask) -> None:
    headers = (await ask("/Orders")).headers
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-aspnet-version"] == "4.0.30319"


async def test_version_1_knows_fewer_members_and_writes_whole_amounts_without_decimals(
    ask: Ask, sandbox: Sandbox
) -> None:
    sandbox.edit(1001, lines=[{"sku": "A", "quantity": 2, "price": "145"}, {"sku": "B", "price": "7.95"}])
    new, old = (await ask("/Orders/1001")).text, (await ask("/Orders/1001", "v1")).text
    assert ('"ItemUnitPrice":145.0' in new, '"ItemUnitPrice":145,' in old) == (True, True)
    assert ('"ItemUnitPrice":7.95' in new, '"ItemUnitPrice":7.95' in old) == (True, True)
    assert ("PromotionList" in new, "PromotionList" in old) == (True, False)
    assert ("ItemWarehouseBin" in new, "ItemWarehouseBin" in old) == (True, False)


async def test_statuses_carry_the_merchants_labels(ask: Ask, client: Any) -> None:
    await client.post("/_sandbox/stores/demo-store", json={"labels": {"1": "Fresh", "12": "Odd", "9": None}})
    rows = {row["OrderStatusID"]: row for row in (await ask("/OrderStatus")).json()}
    assert (rows[1]["StatusDefinition"], rows[1]["StatusText"]) == ("New", "Fresh")
    assert (12 in rows, 9 in rows) == (True, False)
    assert (await ask("/OrderStatus/1")).json() == [rows[1]]
    assert (await ask("/OrderStatus/9")).status_code == 404


async def test_store_settings_tell_name_currency_and_a_zone(ask: Ask, client: Any) -> None:
    await client.post("/_sandbox/stores/demo-store", json={"currency": "EUR", "timezone_text": "", "title": "Laden"})
    (settings,) = (await ask("/StoreSettings")).json()
    assert settings["StoreInformation"]["StoreName"] == "Laden"
    assert settings["StoreStandards"] == {
        "StoreTimeZone": "",
        "CurrencySymbol": "€",
        "DecimalPlacesOnPrice": "2",
        "CurrencyCode": "EUR",
    }


async def test_the_zone_is_told_as_hours_without_daylight_saving(ask: Ask) -> None:
    (settings,) = (await ask("/StoreSettings")).json()
    assert settings["StoreStandards"]["StoreTimeZone"] == "-5"
