"""A hub with that platform as its only channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hub_core import Hub
from hub_core.channels.callbacks import CallbackAnswer, CallbackRequest
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Integration
from hub_core.storage.tables import metadata
from hub_core.testing.clock import VirtualClock
from tests.grantshop.platform import CLIENT_ID, CLIENT_SECRET, Account, Platform, new_platform
from tests.hubs import rows, settings


def grantshop_registry() -> ChannelRegistry:
    return ChannelRegistry.load([EntryPoint("grantshop", "tests.grantshop.channel", "hub.channels")])


@dataclass
class GrantDesk:
    """A hub, its platform, and what people do at both."""

    hub: Hub
    clock: VirtualClock
    platform: Platform

    async def add(self, number: int = 7, name: str | None = None, **given: Any) -> Integration:
        return await self.hub.integrations.add(
            "grantshop", name=name or f"Grant {number}", settings={"region": "eu", "account": number, **given}
        )

    async def begin(self, integration: int, by: str = "cli") -> str:
        """Begin a sign-in and give the state that the platform is handed."""
        start = await self.hub.integrations.begin_authorization(integration, by=by)
        return parse_qs(urlsplit(start.url or "").query)["state"][0]

    async def come_back(self, **answer: str) -> Integration:
        return await self.hub.integrations.complete_authorization("grantshop", answer)

    async def connected(self, account: Account) -> Integration:
        added = await self.add(account.number)
        return await self.come_back(state=await self.begin(added.id), code=account.code())

    async def post(self, body: bytes, method: str = "POST", **query: str) -> CallbackAnswer:
        channel = self.hub.channels.channel("grantshop")
        request = CallbackRequest(method=method, headers={}, query=query, body=body)
        return await self.hub.callbacks.receive(channel, request)

    def everything(self) -> list[Any]:
        """All that the database holds but what a sign-in and the hub's own registration need."""
        skipped = {"callbacks", "applications", "authorizations", "renewals", "tokens"}
        return [(table.name, rows(self.hub, table)) for table in metadata.sorted_tables if table.name not in skipped]


@asynccontextmanager
async def grant_desk(url: str, clock: VirtualClock) -> AsyncIterator[GrantDesk]:
    async with Hub.open(url, settings=settings(), clock=clock, registry=grantshop_registry()) as hub:
        await hub.applications.set("grantshop", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        yield GrantDesk(hub, clock, new_platform(clock))
