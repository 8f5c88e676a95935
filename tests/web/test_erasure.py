"""Erasing through the API."""

import httpx

from hub_core.domain.integrations import Integration
from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from tests.hubs import NOW
from tests.toyshop.shop import Shop
from tests.web.conftest import caller


async def test_an_erased_order_answers_without_its_person(
    hub: Hub, api: httpx.AsyncClient, shop: Shop, connected: Integration
) -> None:
    shop.put("7", NOW, buyer="Mina Canary")
    await hub.sync(connected.id)
    (before,) = (await api.get("/orders", params={"q": "Mina Canary"})).json()["items"]
    answer = await api.post(f"/orders/{before['id']}/erasure")
    assert (answer.status_code, answer.json()["total"]) == (200, before["total"])
    assert answer.json()["buyer"]["name"] == ""
    assert answer.json()["erased_at"] is not None
    assert answer.json() == (await api.get(f"/orders/{before['id']}")).json()
    assert (await api.get("/orders", params={"q": "Mina Canary"})).json()["items"] == []


async def test_an_order_that_is_not_there_cannot_be_erased(api: httpx.AsyncClient) -> None:
    assert (await api.post("/orders/999/erasure")).status_code == 404


async def test_who_may_only_read_may_not_erase(hub: Hub) -> None:
    async with caller(hub, Scope.READ) as reader:
        assert (await reader.post("/orders/1/erasure")).status_code == 403
