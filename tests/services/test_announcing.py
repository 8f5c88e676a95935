"""What a channel hears of its integrations."""

import asyncio

import pytest

from hub_core import Hub
from hub_core.services import announcing
from tests.hubs import connected
from tests.toyshop.shop import open_shop


async def test_a_channel_hears_of_every_change_in_order(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.integrations.disable(integration.id)
    await hub.integrations.enable(integration.id)
    await hub.integrations.authorize(integration.id, {"password": shop.password})
    await hub.integrations.remove(integration.id)
    assert shop.heard == ["added", "disabled", "enabled", "reauthorised", "removed"]


async def test_what_was_not_changed_is_not_told(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.integrations.enable(integration.id)
    assert shop.heard == ["added"]


async def test_a_channel_that_fails_changes_nothing(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    shop = open_shop("north")
    integration = await connected(hub, shop)
    shop.on_change = fail
    assert not (await hub.integrations.disable(integration.id)).enabled
    assert "integration_changed of 'toyshop' failed, which changes nothing" in caplog.text


async def test_a_channel_that_hangs_is_left_behind(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "FAREWELL_SECONDS", 0.01)
    shop = open_shop("north")
    integration = await connected(hub, shop)
    shop.on_change = asyncio.Event().wait  # type: ignore[assignment] # its answer does not matter
    await hub.integrations.remove(integration.id)
    assert (await hub.integrations.get(integration.id)).removed_at is not None
