"""Integrations through the API."""

from typing import Any

import httpx
import pytest

from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from tests.toyshop.shop import Shop, open_shop

NEW = {"channel": "toyshop", "name": "Marlow", "settings": {"shop": "marlow"}}


async def add(api: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    answer = await api.post("/integrations", json={**NEW, **members})
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def test_an_integration_that_was_added_awaits_its_authorisation(api: httpx.AsyncClient) -> None:
    added = await add(api, rules={"order_interval": 30})
    assert added["connection"] == "awaiting_authorization"
    assert added["settings"]["shop"] == "marlow"
    assert added["rules"]["order_interval"] == 30
    assert (await api.get(f"/integrations/{added['id']}")).json()["name"] == "Marlow"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"channel": "nosuch"}, "channel"),
        ({"name": "  "}, "name"),
        ({"settings": {"shop": "No Such Name"}}, "shop"),
        ({"settings": {}}, "shop"),
        ({"rules": {"order_interval": 1}}, "order_interval"),
        ({"rules": {"unheard_of": 1}}, "unheard_of"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(
    api: httpx.AsyncClient, members: dict[str, Any], field: str
) -> None:
    answer = await api.post("/integrations", json={**NEW, **members})
    assert answer.status_code == 422
    assert [error["field"].split(".")[-1] for error in answer.json()["errors"]] == [field]
    assert (await api.get("/integrations")).json()["items"] == []


async def test_a_name_that_is_in_use_is_a_conflict(api: httpx.AsyncClient) -> None:
    await add(api)
    answer = await api.post("/integrations", json={**NEW, "name": " marlow "})
    assert answer.status_code == 409
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]


async def test_integrations_are_listed_newest_first_in_pages(api: httpx.AsyncClient) -> None:
    for name in ["A", "B", "C"]:
        await add(api, name=name)
    first = (await api.get("/integrations", params={"limit": 2})).json()
    second = (await api.get("/integrations", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["name"] for one in first["items"]] == ["C", "B"]
    assert [one["name"] for one in second["items"]] == ["A"]
    assert second["next_cursor"] is None


async def test_starting_the_authorisation_tells_what_the_merchant_has_to_give(api: httpx.AsyncClient) -> None:
    added = await add(api)
    answer = await api.post(f"/integrations/{added['id']}/authorization")
    assert answer.status_code == 200
    assert answer.json()["method"] == "token"
    assert list(answer.json()["fields"]["properties"]) == ["password"]
    assert answer.json()["callback_url"].startswith("http")


async def test_the_right_answer_connects_the_integration(api: httpx.AsyncClient, shop: Shop) -> None:
    added = await add(api)
    answer = await api.put(f"/integrations/{added['id']}/authorization", json={"password": shop.password})
    assert answer.status_code == 200
    assert answer.json()["connection"] == "connected"
    assert answer.json()["store"]["name"] == "marlow"
    assert shop.password not in answer.text


@pytest.mark.parametrize("wrong", [{"password": "guessed"}, {"passwort": "sesame"}, {"password": 7}, {}])
async def test_a_wrong_answer_is_refused_and_keeps_the_old_one(
    api: httpx.AsyncClient, connected: Integration, wrong: dict[str, Any]
) -> None:
    answer = await api.put(f"/integrations/{connected.id}/authorization", json=wrong)
    assert answer.status_code == 422
    assert "guessed" not in answer.text
    verified = (await api.post(f"/integrations/{connected.id}/verification")).json()
    assert verified["ok"] is True


async def test_a_store_that_is_held_already_is_a_conflict_with_both_names(
    api: httpx.AsyncClient, connected: Integration
) -> None:
    open_shop("marlow-alias")
    added = await add(api, name="Again", settings={"shop": "marlow-alias"})
    answer = await api.put(f"/integrations/{added['id']}/authorization", json={"password": "sesame"})
    assert answer.status_code == 409
    assert "'marlow-alias'" in answer.json()["detail"]
    assert "'Marlow'" in answer.json()["detail"]


async def test_a_verification_tells_what_is_wrong(api: httpx.AsyncClient, shop: Shop, connected: Integration) -> None:
    shop.password = "changed"
    answer = await api.post(f"/integrations/{connected.id}/verification")
    assert answer.status_code == 200
    assert answer.json()["ok"] is False
    assert answer.json()["store"] is None
    assert answer.json()["problem"]["code"] == "needs_reauthorization"


async def test_an_integration_that_was_removed_can_still_be_looked_at(
    api: httpx.AsyncClient, connected: Integration
) -> None:
    removal = await api.delete(f"/integrations/{connected.id}")
    assert (removal.status_code, removal.content) == (204, b"")
    shown = await api.get(f"/integrations/{connected.id}")
    assert shown.json()["removed_at"] is not None
    assert (await api.get("/integrations")).json()["items"] == []
    removed = (await api.get("/integrations", params={"removed": "true"})).json()["items"]
    assert [one["id"] for one in removed] == [connected.id]


async def test_an_integration_that_never_was_connected_is_gone_once_removed(api: httpx.AsyncClient) -> None:
    added = await add(api)
    await api.delete(f"/integrations/{added['id']}")
    assert (await api.get(f"/integrations/{added['id']}")).status_code == 404


async def test_no_answer_holds_what_was_given_in_confidence(
    hub: Hub, api: httpx.AsyncClient, stocked: Integration
) -> None:
    paths = [f"/integrations/{stocked.id}", "/integrations", "/events", "/syncs", "/orders", "/channels", "/rejects"]
    answers = [(await api.get(path)).text for path in paths]
    answers.append((await api.post(f"/integrations/{stocked.id}/verification")).text)
    assert [text for text in answers if "sesame" in text] == []
