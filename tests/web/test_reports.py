"""Sales through the API."""

from datetime import timedelta

import httpx
import pytest

from hub_core.domain.integrations import Integration
from tests.hubs import NOW


async def test_sales_are_summed_up_by_integration(api: httpx.AsyncClient, stocked: Integration) -> None:
    answer = (await api.get("/reports/sales")).json()
    (row,) = answer["items"]
    assert answer["next_cursor"] is None
    assert (row["integration_id"], row["integration"], row["removed"]) == (stocked.id, "Marlow", False)
    assert (row["day"], row["sku"], row["orders"]) == (None, None, 5)
    assert row["sales"].keys() == {"amount", "currency"}
    assert isinstance(row["sales"]["amount"], str)
    assert isinstance(row["units"], str)


@pytest.mark.parametrize("by", ["day", "sku"])
async def test_sales_are_summed_up_by_something_else(api: httpx.AsyncClient, stocked: Integration, by: str) -> None:
    (row,) = (await api.get("/reports/sales", params={"by": by})).json()["items"]
    assert row[by] is not None
    assert row["integration"] is None


async def test_sales_are_those_of_the_time_asked_for(api: httpx.AsyncClient, stocked: Integration) -> None:
    span = {"since": (NOW - timedelta(hours=4)).isoformat(), "until": (NOW - timedelta(hours=1)).isoformat()}
    (row,) = (await api.get("/reports/sales", params=span)).json()["items"]
    assert row["orders"] == 3


async def test_without_orders_there_is_no_row(api: httpx.AsyncClient) -> None:
    assert (await api.get("/reports/sales")).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(("name", "value"), [("by", "week"), ("since", "2026-01-31"), ("until", "soon"), ("shop", "x")])
async def test_what_cannot_be_asked_for_is_refused(api: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await api.get("/reports/sales", params={name: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [name]
