"""The hub's side of the measured store."""

from __future__ import annotations

from hub_core import Hub


def environment(port: int, folder: str) -> dict[str, str]:
    """Give the settings with which the hub, at home in *folder*, finds the store, and may ask it without a limit."""
    return {
        "HUB_HOME": folder,
        "HUB_ALLOW_PRIVATE_NETWORK": "1",
        "THREEDCART_RATE": "0",
        "THREEDCART_API_URL": f"http://127.0.0.1:{port}/3dCartWebAPI",
    }


async def connect(hub: Hub) -> int:
    """Connect the store and give the id of its integration."""
    settings = {"store_url": "https://bench.example", "timezone": "UTC", "currency": "USD"}
    shop = await hub.integrations.add("threedcart", name="Bench", settings=settings)
    await hub.integrations.authorize(shop.id, {"token": "ab" * 16, "private_key": "cd" * 16})
    return shop.id
