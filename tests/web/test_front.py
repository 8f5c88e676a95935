"""What `hub serve` answers while the API is still being loaded."""

import asyncio

import httpx

from hub_core.hub import Hub
from hub_core.web.front import Front


async def test_a_monitor_is_answered_before_the_api_has_been_loaded(hub: Hub) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=Front(hub)), base_url="http://hub.test") as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"


async def test_whoever_wants_more_waits_until_the_api_has_been_loaded(hub: Hub) -> None:
    front = Front(hub)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=front), base_url="http://hub.test") as client:
        asking = asyncio.create_task(client.get("/api/v1/orders"))
        assert (await client.get("/health")).status_code == 200
        assert not asking.done()
        await front.load()
        assert (await asking).status_code == 401
        assert (await client.get("/health")).headers["x-request-id"]
