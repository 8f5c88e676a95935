"""Runs through the API."""

import httpx
import pytest

from hub_core.domain.integrations import Integration
from hub_core.hub import Hub

ORDERS = {"kinds": ["orders"]}


async def test_a_run_that_is_asked_for_is_queued(api: httpx.AsyncClient, connected: Integration) -> None:
    answer = await api.post(f"/integrations/{connected.id}/syncs", json=ORDERS)
    assert answer.status_code == 202
    (run,) = answer.json()["items"]
    assert (run["integration_id"], run["kind"], run["state"]) == (connected.id, "orders", "queued")
    assert (await api.get(f"/syncs/{run['id']}")).json() == run


async def test_a_run_says_what_it_took(hub: Hub, api: httpx.AsyncClient, connected: Integration) -> None:
    run = await hub.sync(connected.id)
    told = (await api.get(f"/syncs/{run.id}")).json()
    assert (told["api_calls"], told["waited_seconds"], told["error"]) == (0, 0.0, None)
    begun, ended = (await api.get("/events", params={"after": 2})).json()["items"]
    assert (begun["type"], ended["type"]) == ("run.started", "run.finished")
    assert {**ended["data"]["counts"], "expected": ended["data"]["expected"]} == told["counts"]


async def test_a_run_that_is_under_way_is_given_again(api: httpx.AsyncClient, connected: Integration) -> None:
    first = await api.post(f"/integrations/{connected.id}/syncs", json=ORDERS)
    again = await api.post(f"/integrations/{connected.id}/syncs", json={"kinds": ["orders", "orders"]})
    assert again.status_code == 202
    assert [run["id"] for run in again.json()["items"]] == [run["id"] for run in first.json()["items"]]


async def test_a_disabled_integration_is_not_synced(hub: Hub, api: httpx.AsyncClient, connected: Integration) -> None:
    await hub.integrations.disable(connected.id)
    answer = await api.post(f"/integrations/{connected.id}/syncs", json=ORDERS)
    assert answer.status_code == 409
    assert "is disabled" in answer.json()["detail"]


async def test_an_integration_that_is_not_authorised_is_not_synced(hub: Hub, api: httpx.AsyncClient) -> None:
    added = await hub.integrations.add("toyshop", name="Marlow", settings={"shop": "marlow"})
    answer = await api.post(f"/integrations/{added.id}/syncs", json=ORDERS)
    assert answer.status_code == 409
    assert "is not authorised" in answer.json()["detail"]


async def test_an_integration_that_is_not_there_is_not_synced(api: httpx.AsyncClient) -> None:
    assert (await api.post("/integrations/9/syncs", json=ORDERS)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"kinds": []}, {"kinds": ["sales"]}, {"kinds": "orders"}, {"kind": ["orders"]}])
async def test_a_kind_that_is_none_is_refused(
    api: httpx.AsyncClient, connected: Integration, body: dict[str, object]
) -> None:
    answer = await api.post(f"/integrations/{connected.id}/syncs", json=body)
    assert answer.status_code == 422


async def test_runs_are_listed_newest_first_in_pages(hub: Hub, api: httpx.AsyncClient, stocked: Integration) -> None:
    last = await hub.sync(stocked.id)
    first = (await api.get("/syncs", params={"limit": 1})).json()
    rest = (await api.get("/syncs", params={"cursor": first["next_cursor"]})).json()
    assert [run["id"] for run in first["items"]] == [last.id]
    assert [run["counts"]["created"] for run in rest["items"]] == [5]
    assert rest["next_cursor"] is None


async def test_a_run_that_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    assert (await api.get("/syncs/1")).status_code == 404
