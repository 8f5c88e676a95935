"""What monitors are told."""

import asyncio
from typing import Any

import httpx
import pytest

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import StorageError
from hub_core.hub import Hub
from hub_core.web.health import HealthCheck
from tests.web.conftest import BROKEN, TOYSHOP


async def test_a_hub_that_works_is_ok(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("http://hub.test/health")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["database"]) == ("ok", "ok")


async def test_a_monitor_may_ask_without_wanting_a_body(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.head("http://hub.test/health")).status_code == 200


class TestWithABrokenPlugin:
    @pytest.fixture
    def registry(self) -> ChannelRegistry:
        return ChannelRegistry.load([TOYSHOP, BROKEN])

    async def test_a_hub_that_needs_somebody_is_degraded(self, anyone: httpx.AsyncClient) -> None:
        answer = await anyone.get("http://hub.test/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


async def test_a_database_that_fails_makes_the_hub_unavailable(
    hub: Hub, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> dict[str, Any]:
        raise StorageError

    monkeypatch.setattr(hub, "health", fail)
    answer = await anyone.get("http://hub.test/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "degraded", "database": "does not answer"}


class SilentHub:
    """A hub whose database answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()

    async def health(self) -> dict[str, Any]:
        self.asked += 1
        await self.answers.wait()
        return {"status": "ok"}


async def test_a_database_that_owes_an_answer_is_not_asked_again() -> None:
    hub = SilentHub()
    check = HealthCheck(hub, patience=0)  # type: ignore[arg-type]
    assert [(await check.respond()).status_code, (await check.respond()).status_code] == [503, 503]
    assert hub.asked == 1
    hub.answers.set()
    patient = HealthCheck(hub)  # type: ignore[arg-type]
    assert (await asyncio.wait_for(patient.respond(), 5)).status_code == 200
