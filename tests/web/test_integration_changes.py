"""Changing integrations through the API."""

from typing import Any

import httpx
import pytest

from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from tests.toyshop.shop import open_shop

ALL = {"name": "New name", "enabled": False, "settings": {"shop": "marlow-2"}, "rules": {"order_interval": 30}}


async def change(api: httpx.AsyncClient, one: Integration, **members: Any) -> httpx.Response:
    return await api.patch(f"/integrations/{one.id}", json=members)


async def test_what_is_named_is_changed_and_the_rest_stays(api: httpx.AsyncClient, connected: Integration) -> None:
    answer = await change(api, connected, rules={"order_interval": 30})
    assert answer.status_code == 200
    assert answer.json()["rules"]["order_interval"] == 30
    answer = await change(api, connected, name=" New  name ")
    assert (answer.json()["name"], answer.json()["rules"]["order_interval"]) == ("New name", 30)
    assert answer.json()["settings"]["shop"] == "marlow"
    assert answer.json()["enabled"] is True


async def test_all_of_it_can_be_changed_at_once(hub: Hub, api: httpx.AsyncClient) -> None:
    added = await hub.integrations.add("toyshop", name="Marlow", settings={"shop": "marlow"})
    answer = await change(api, added, **ALL)
    assert answer.status_code == 200
    assert answer.json() == (await api.get(f"/integrations/{added.id}")).json()
    assert {name: answer.json()[name] for name in ("name", "enabled")} == {"name": "New name", "enabled": False}
    assert answer.json()["settings"]["shop"] == "marlow-2"
    assert answer.json()["rules"]["order_interval"] == 30


async def test_it_can_be_disabled_and_enabled_again(api: httpx.AsyncClient, connected: Integration) -> None:
    assert (await change(api, connected, enabled=False)).json()["enabled"] is False
    assert (await change(api, connected, enabled=True)).json()["enabled"] is True


async def test_its_flows_can_be_switched_one_by_one(api: httpx.AsyncClient, connected: Integration) -> None:
    answer = await change(api, connected, flows={"orders": {"enabled": False}})
    assert (answer.status_code, answer.json()["enabled"]) == (200, True)
    assert answer.json()["flows"]["orders"]["enabled"] is False
    refused = await api.post(f"/integrations/{connected.id}/syncs", json={"kinds": ["orders"]})
    assert (refused.status_code, "--flow orders" in refused.json()["detail"]) == (409, True)
    answer = await change(api, connected, flows={"orders": {"enabled": True}})
    assert answer.json()["flows"]["orders"]["enabled"] is True


async def test_without_a_change_nothing_happens(hub: Hub, api: httpx.AsyncClient, connected: Integration) -> None:
    before = await hub.events.newest()
    assert (await change(api, connected)).status_code == 200
    assert (await change(api, connected, name="Marlow", enabled=True)).status_code == 200
    assert await hub.events.newest() == before


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"name": "  "}, 422, "name"),
        ({"name": "7"}, 422, "name"),
        ({"name": " other "}, 409, "name"),
        ({"name": None}, 422, "name"),
        ({"enabled": "no"}, 422, "enabled"),
        ({"enabled": None}, 422, "enabled"),
        ({"settings": {"shop": "No Such Name"}}, 422, "shop"),
        ({"settings": []}, 422, "settings"),
        ({"rules": {"order_interval": 1}}, 422, "order_interval"),
        ({"rules": {"unheard_of": 1}}, 422, "unheard_of"),
        ({"flows": {"colours": {"enabled": False}}}, 422, "flows"),
        ({"flows": {"orders": {"enabled": "no"}}}, 422, "enabled"),
        ({"flows": {"orders": {}}}, 422, "enabled"),
        ({"flows": None}, 422, "flows"),
        ({"colour": "red"}, 422, "colour"),
        ({"id": 7}, 422, "id"),
    ],
)
async def test_where_one_thing_cannot_be_used_nothing_is_changed(
    *, wrong: dict[str, Any], status: int, field: str, hub: Hub, api: httpx.AsyncClient
) -> None:
    await hub.integrations.add("toyshop", name="Other", settings={"shop": "other"})
    added = await hub.integrations.add("toyshop", name="Marlow", settings={"shop": "marlow"})
    before = await hub.events.newest()
    answer = await change(api, added, **{**ALL, **wrong})
    assert answer.status_code == status
    assert [error["field"].split(".")[-1] for error in answer.json()["errors"]] == [field]
    assert await hub.integrations.get(added.id) == added
    assert await hub.events.newest() == before


async def test_settings_that_the_store_refuses_change_nothing(
    hub: Hub, api: httpx.AsyncClient, connected: Integration
) -> None:
    open_shop("elsewhere").password = "another"
    answer = await change(api, connected, settings={"shop": "elsewhere"}, name="New name", enabled=False)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:problem-type:hub:needs_reauthorization"
    assert await hub.integrations.get(connected.id) == connected


async def test_one_that_is_not_there_cannot_be_changed(api: httpx.AsyncClient) -> None:
    assert (await api.patch("/integrations/7", json={"enabled": False})).status_code == 404
    assert (await api.get("/integrations/7/removal")).status_code == 404


async def test_one_that_was_removed_cannot_be_changed(hub: Hub, api: httpx.AsyncClient, connected: Integration) -> None:
    await hub.integrations.remove(connected.id)
    assert (await change(api, connected, enabled=False)).status_code == 409


async def test_links_of_a_store_that_is_connected_anew_can_be_taken_over(
    hub: Hub, api: httpx.AsyncClient, connected: Integration
) -> None:
    path = f"/integrations/{connected.id}/links"
    assert (await api.post(path, json={})).status_code == 409
    await hub.integrations.remove(connected.id)
    added = await hub.integrations.add("toyshop", name="Marlow", settings={"shop": "marlow"})
    fresh = await hub.integrations.authorize(added.id, {"password": "sesame"})
    answer = await api.post(f"/integrations/{fresh.id}/links", json={"dry_run": True})
    assert (answer.status_code, answer.json()) == (200, {"linked": 0, "cut": 0})


async def test_it_is_told_beforehand_what_removing_does(api: httpx.AsyncClient, stocked: Integration) -> None:
    told = (await api.get(f"/integrations/{stocked.id}/removal")).json()
    assert (told["name"], told["orders"]) == ("Marlow", 5)
    assert "Its 5 orders stay" in told["sentence"]
    assert (await api.get(f"/integrations/{stocked.id}")).json()["removed_at"] is None
