"""What the API answers when something is wrong."""

import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.responses import StreamingResponse

from hub_core.domain import errors
from hub_core.domain.errors import HubError, StorageError, UnavailableError
from hub_core.hub import Hub
from hub_core.web import create_app
from hub_core.web.boundary import LARGEST_BODY
from hub_core.web.errors import STATUS, status_of

PROBLEM = "application/problem+json"
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def subclasses(kind: type[HubError]) -> list[type[HubError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in subclasses(child))]


def failing(app: FastAPI, error: Exception) -> httpx.AsyncClient:
    """Call an application that has one more route, which raises."""

    async def fail() -> None:
        raise error

    app.add_api_route("/fail", fail)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub.test")


@pytest.mark.parametrize("kind", subclasses(HubError), ids=lambda kind: kind.__name__)
def test_every_branch_of_the_tree_of_errors_has_a_status_of_its_own(kind: type[HubError]) -> None:
    assert 400 <= status_of(kind.__new__(kind)) < 600
    assert kind in STATUS or kind.__base__ is not HubError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InputError("a"), 422),
        (errors.NotFoundError("a"), 404),
        (errors.ConflictError("a"), 409),
        (errors.AuthorizationError("a"), 422),
        (errors.PermissionMissingError("Orders"), 422),
        (errors.VaultError("a"), 422),
        (errors.UnavailableError("a"), 503),
        (errors.BudgetError("a"), 503),
        (errors.ResponseError("a"), 502),
        (errors.PluginError("toyshop", "check_store", "a"), 502),
        (errors.LeaseLostError(), 409),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_an_error_of_the_hub_answers_with_its_sentence(hub: Hub, error: HubError, status: int) -> None:
    async with failing(create_app(hub), error) as client:
        answer = await client.get("/fail")
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"] == str(error)
    assert answer.json()["type"] == f"urn:problem-type:hub:{error.code}"
    assert answer.json()["status"] == status


async def test_a_store_that_says_when_to_come_again_is_quoted(hub: Hub) -> None:
    async with failing(create_app(hub), UnavailableError(retry_after=12.4)) as client:
        assert (await client.get("/fail")).headers["retry-after"] == "12"


async def test_what_the_database_said_goes_to_the_log_and_not_to_the_caller(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    async with failing(create_app(hub), StorageError("The disk at /secret/place is full.")) as client:
        answer = await client.get("/fail")
    assert answer.status_code == 503
    assert "/secret/place" not in answer.text
    assert "The disk at /secret/place is full." in caplog.text


async def test_a_mistake_of_the_hub_is_logged_and_told_without_its_inside(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        async with failing(create_app(hub), ZeroDivisionError("inside")) as client:
            answer = await client.get("/fail")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert "inside" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "ZeroDivisionError: inside" in caplog.text


async def test_an_answer_that_breaks_off_is_not_followed_by_another(hub: Hub) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"half an "
        raise ZeroDivisionError

    app = create_app(hub)
    app.add_api_route("/half", lambda: StreamingResponse(parts()), response_model=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub.test") as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/half")


async def test_an_unknown_address_is_a_problem(api: httpx.AsyncClient) -> None:
    answer = await api.get("/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert answer.json()["type"] == "urn:problem-type:hub:not_found"


@pytest.mark.parametrize("order_id", ["0", "-1", "abc", "9223372036854775808", "1e3", "%00"])
async def test_an_id_that_cannot_be_is_not_found(api: httpx.AsyncClient, order_id: str) -> None:
    answer = await api.get(f"/orders/{order_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


async def test_a_method_that_an_address_does_not_take_is_told_those_that_it_takes(api: httpx.AsyncClient) -> None:
    answer = await api.put("/integrations/1")
    assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)
    assert answer.headers["allow"] == "GET, PATCH, DELETE"


async def test_each_wrong_field_is_named(api: httpx.AsyncClient) -> None:
    answer = await api.post("/integrations", json={"channel": 7, "name": "Marlow", "nmae": ""})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"channel", "nmae"}
    assert all(error["detail"] for error in answer.json()["errors"])


async def test_a_body_that_is_no_json_is_told_why(api: httpx.AsyncClient) -> None:
    answer = await api.post("/integrations", content=b'{"name": }', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The body is no valid JSON")


@pytest.mark.parametrize("body", [b"\xff\xfe{", b"[" * 100_000], ids=["no UTF-8", "too deep"])
async def test_a_body_that_cannot_be_read_is_a_problem(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post("/integrations", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


async def test_a_body_of_another_type_is_told_to_be_json(api: httpx.AsyncClient) -> None:
    answer = await api.post("/integrations", data={"name": "Marlow"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


async def test_a_body_that_announces_itself_as_too_large_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/integrations", content=b" " * (LARGEST_BODY + 1))
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


async def test_a_body_that_grows_too_large_is_refused(api: httpx.AsyncClient) -> None:
    async def growing() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * (LARGEST_BODY // 10)

    answer = await api.post("/integrations", content=growing(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


async def test_answers_are_not_kept_by_anybody_on_the_way(api: httpx.AsyncClient) -> None:
    answer = await api.get("/orders")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@MANY
@given(body=JSON)
@example(body={"channel": "toyshop", "name": "\ud800", "settings": {"shop": "\ud800"}})
@example(body={"channel": "toyshop", "name": "A", "settings": {"shop": "marlow"}, "rules": {"import_since": 1e300}})
async def test_no_body_breaks_the_hub(api: httpx.AsyncClient, body: object) -> None:
    for method, path in [("POST", "/integrations"), ("PUT", "/channels/toyshop/application"), ("PATCH", "/rejects/1")]:
        answer = await send(api, method, path, body)
        assert answer.status_code in {201, 404, 422}
        assert answer.status_code == 201 or answer.headers["content-type"] == PROBLEM


async def send(api: httpx.AsyncClient, method: str, path: str, body: object) -> httpx.Response:
    """Send also what no decent client would: NaN, halves of surrogate pairs."""
    content = json.dumps(body).encode()
    return await api.request(method, path, content=content, headers={"Content-Type": "application/json"})
