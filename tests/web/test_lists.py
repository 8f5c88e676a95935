"""What all lists have in common."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_core.domain.integrations import Integration

LISTS = ["/integrations", "/syncs", "/orders", "/rejects", "/events"]
MANY = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
FILTERS = [
    "limit",
    "cursor",
    "integration",
    "status",
    "placed_after",
    "placed_before",
    "updated_after",
    "number",
    "sku",
    "q",
    "after",
    "type",
    "history",
    "removed",
    "state",
    "made_up",
]
NASTY = st.sampled_from(
    ["0", "-1", "201", "9" * 30, "1e3", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1700000000", "%"]
)


@pytest.mark.parametrize("path", LISTS)
async def test_an_empty_list_has_no_items_and_leads_nowhere(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "201"), ("limit", "many"), ("cursor", "made-up"), ("made_up", "1"), ("limit", "")],
)
async def test_a_list_refuses_what_it_does_not_know(api: httpx.AsyncClient, path: str, name: str, value: str) -> None:
    answer = await api.get(path, params={name: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("path", LISTS)
async def test_a_filter_that_is_given_twice_is_refused(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path, params=[("limit", "1"), ("limit", "2")])
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["limit"]


@pytest.mark.parametrize("path", ["/syncs", "/orders", "/rejects", "/events"])
async def test_an_integration_that_is_not_there_is_no_filter(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path, params={"integration": "Nobody"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["integration"]


@pytest.mark.parametrize("path", ["/syncs", "/orders", "/events"])
async def test_an_integration_is_named_by_its_id_or_its_name(
    api: httpx.AsyncClient, stocked: Integration, path: str
) -> None:
    by_id = await api.get(path, params={"integration": stocked.id})
    by_name = await api.get(path, params={"integration": "marlow"})
    assert by_id.json()["items"]
    assert by_name.json() == by_id.json()


@MANY
@given(path=st.sampled_from(LISTS), name=st.sampled_from(FILTERS), value=st.text() | NASTY)
async def test_no_filter_breaks_the_hub(api: httpx.AsyncClient, path: str, name: str, value: str) -> None:
    answer = await api.get(path, params={name: value.encode("utf-8", "replace").decode()})
    assert answer.status_code in {200, 422}
