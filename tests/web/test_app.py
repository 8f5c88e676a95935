"""The application as a whole: its description, and its place in a larger one."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from hub_core.web import create_app

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def mounted(hub: Hub) -> httpx.AsyncClient:
    """A larger application that holds the hub under /hub."""
    larger = FastAPI()
    larger.mount("/hub", create_app(hub))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=larger), base_url="http://larger.test")


async def test_the_hub_works_under_a_prefix(hub: Hub, mounted: httpx.AsyncClient) -> None:
    token = await hub.tokens.create("larger", Scope.READ)
    async with mounted:
        assert (await mounted.get("/hub/health")).status_code == 200
        assert (await mounted.get("/hub/api/v1/orders")).status_code == 401
        headers = {"Authorization": f"Bearer {token.token}"}
        assert (await mounted.get("/hub/api/v1/orders", headers=headers)).json()["items"] == []
        unknown = await mounted.get("/hub/api/v1/nothing")
        assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
        wrong = await mounted.put("/hub/api/v1/orders/1", headers=headers)
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


async def test_the_documents_are_found_under_a_prefix(mounted: httpx.AsyncClient) -> None:
    async with mounted:
        page = await mounted.get("/hub/api/docs")
        description = (await mounted.get("/hub/api/v1/openapi.json")).json()
    assert "/hub/api/v1/openapi.json" in page.text
    assert description["servers"] == [{"url": "/hub"}]


async def test_every_answer_that_is_no_success_is_described_as_a_problem(hub: Hub) -> None:
    description = create_app(hub).openapi()
    for path, operations in description["paths"].items():
        for operation in operations.values():
            wrong = {status: told for status, told in operation["responses"].items() if not status.startswith("2")}
            assert path == "/health" or list(wrong) == ["default"]
            assert path == "/health" or list(wrong["default"]["content"]) == ["application/problem+json"]
    assert {"Problem", "FieldProblem"} <= set(description["components"]["schemas"])
    assert "HTTPValidationError" not in description["components"]["schemas"]


async def test_every_reference_of_the_description_leads_somewhere(hub: Hub) -> None:
    description = create_app(hub).openapi()
    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert set(_references(description)) <= known


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    if isinstance(part, list):
        return [found for value in part for found in _references(value)]
    return []


async def test_the_second_documentation_page_of_the_framework_is_off(hub: Hub) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(hub)), base_url="http://hub") as client:
        assert (await client.get("/redoc")).status_code == 404


async def test_the_document_names_every_address(hub: Hub) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    named = [
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in create_app(hub).openapi()["paths"].items()
        for method in operations
    ]
    assert [address for address in named if f"`{address}`" not in text] == []
