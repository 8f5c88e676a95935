"""Who may do what with the API."""

import httpx
import pytest
from fastapi import APIRouter

from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from hub_core.web import create_app
from hub_core.web.access import READ, WRITE, ScopedRoute
from tests.web.conftest import caller


async def test_every_route_of_the_api_names_the_one_scope_that_it_needs(hub: Hub) -> None:
    described = create_app(hub).openapi()["paths"]
    scopes = {
        (method, path): operation.get("security")
        for path, operations in described.items()
        for method, operation in operations.items()
        if path != "/health"
    }
    assert len(scopes) >= 20
    assert [route for route, needed in scopes.items() if needed not in _each_scope()] == []


def _each_scope() -> list[list[dict[str, list[str]]]]:
    return [[{"token": [scope.value]}] for scope in Scope]


async def test_what_changes_something_needs_more_than_a_token_for_reading(hub: Hub) -> None:
    described = create_app(hub).openapi()["paths"]
    readable = {
        (method, path)
        for path, operations in described.items()
        for method, operation in operations.items()
        if operation.get("security") == [{"token": ["read"]}]
    }
    assert {method for method, _ in readable} == {"get"}


@pytest.mark.parametrize("dependencies", [[], [READ, WRITE]], ids=["none", "two"])
def test_a_route_that_does_not_name_one_scope_cannot_be_made(dependencies: list[object]) -> None:
    router = APIRouter(route_class=ScopedRoute)

    with pytest.raises(TypeError, match="must declare exactly one"):
        router.get("/open", dependencies=dependencies)(lambda: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic dXNlcjpwYXNz", "hub_secret"])
async def test_a_request_without_a_token_is_told_that_it_needs_one(
    anyone: httpx.AsyncClient, header: str | None
) -> None:
    answer = await anyone.get("/orders", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:problem-type:hub:unauthorized"


async def test_a_token_that_the_hub_did_not_make_lets_nobody_in(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/orders", headers={"Authorization": "Bearer hub_made_up"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert "hub_made_up" not in answer.text


async def test_a_revoked_token_lets_nobody_in(hub: Hub, anyone: httpx.AsyncClient) -> None:
    token = await hub.tokens.create("cash desk", Scope.READ)
    header = {"Authorization": f"bearer {token.token}"}
    before = await anyone.get("/orders", headers=header)
    await hub.tokens.revoke("cash desk")
    after = await anyone.get("/orders", headers=header)
    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_request_without_a_token_is_refused_before_its_body_is_looked_at(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/integrations", content=b"{broken", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        (Scope.READ, "GET", "/integrations", 200),
        (Scope.READ, "POST", "/integrations", 403),
        (Scope.READ, "DELETE", "/rejects/1", 403),
        (Scope.WRITE, "GET", "/integrations", 200),
        (Scope.WRITE, "POST", "/integrations", 422),
        (Scope.WRITE, "PUT", "/channels/toyshop/application", 403),
        (Scope.ADMIN, "POST", "/integrations", 422),
        (Scope.ADMIN, "PUT", "/channels/toyshop/application", 422),
    ],
)
async def test_a_token_may_do_what_its_scope_includes(
    hub: Hub, scope: Scope, method: str, path: str, status: int
) -> None:
    async with caller(hub, scope) as client:
        answer = await client.request(method, path, json=None if method in ("GET", "DELETE") else {})
    assert answer.status_code == status


async def test_a_token_that_may_too_little_is_told_what_would_do(hub: Hub) -> None:
    async with caller(hub, Scope.READ) as client:
        answer = await client.post("/integrations", json={})
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="write"'
    assert "needs 'write'" in answer.json()["detail"]


async def test_the_use_of_a_token_is_noted(hub: Hub, anyone: httpx.AsyncClient) -> None:
    token = await hub.tokens.create("cash desk", Scope.READ)
    await anyone.get("/orders", headers={"Authorization": f"Bearer {token.token}"})
    assert [one.last_used_at is not None for one in await hub.tokens.list()] == [True]
