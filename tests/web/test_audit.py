"""Who changed what, through the API."""

import httpx

from hub_core.domain.integrations import Integration
from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from tests.web.conftest import caller


async def test_a_change_is_told_with_the_token_and_the_request_that_made_it(
    api: httpx.AsyncClient, connected: Integration
) -> None:
    changed = await api.patch(f"/integrations/{connected.id}", json={"name": "South"})
    row = (await api.get("/audit")).json()["items"][-1]
    assert (row["actor"], row["action"]) == ({"kind": "token", "name": "admin of a test"}, "integration.renamed")
    assert (row["before"], row["after"]) == ({"name": connected.name}, {"name": "South"})
    assert row["request_id"] == changed.headers["X-Request-Id"]
    assert (await api.get("/audit", params={"after": row["id"]})).json()["items"] == []


async def test_the_list_goes_on_where_it_ended(hub: Hub) -> None:
    async with caller(hub, Scope.ADMIN) as admin:
        for number in range(5):
            await hub.tokens.create(f"till {number}")
        seen, cursor = [], None
        while True:
            query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await admin.get("/audit", params=query)).json()
            seen += [row["id"] for row in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_only_an_administrator_may_see_it(hub: Hub) -> None:
    async with caller(hub, Scope.WRITE) as writer:
        assert (await writer.get("/audit")).status_code == 403
