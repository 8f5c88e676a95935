"""What the demo begins with: two connected stores that sell the same, first levels, and what a newcomer is told."""

import asyncio
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub_core.cli.output import say

if TYPE_CHECKING:
    from hub_core.cli.demo.sandbox import SandboxStores
    from hub_core.settings import HubSettings

NAMES = ("North shop", "South shop")


@dataclass(frozen=True, slots=True)
class Scene:
    """What was set up: one of the integrations, one of the SKUs."""

    integration: int
    sku: str
    token: str


def prepare(settings: "HubSettings", sandbox: "SandboxStores") -> Scene:
    """Connect the sandbox's stores, take the first one's figures as levels, and make a token."""
    return asyncio.run(_prepare(settings, sandbox))


async def _prepare(settings: "HubSettings", sandbox: "SandboxStores") -> Scene:
    from hub_core.domain.tokens import Scope
    from hub_core.hub import Hub

    async with Hub.open(settings=settings) as hub:
        await hub.applications.set("threedcart", {"public_key": "demo", "private_key": sandbox.stores[0].private_key})
        ids = []
        for name, store in zip(NAMES, sandbox.stores, strict=True):
            chosen = {"store_url": store.address, "timezone": sandbox.timezone}
            shop = await hub.integrations.add("threedcart", name=name, settings=chosen, rules={"order_interval": 5})
            await hub.integrations.authorize(shop.id, {"token": store.token})
            ids.append(shop.id)
        for integration in ids[1:]:
            await hub.sync(integration, "orders")
            await hub.sync(integration, "listings")
        adoption = await hub.stock.adopt(ids[0])
        token = await hub.tokens.create("demo", Scope.ADMIN)
    return Scene(integration=ids[0], sku=next(iter(adoption.levels)), token=token.token)


def tell(settings: "HubSettings", scene: Scene) -> None:
    """Say what is there and what to try."""
    api = f"{settings.address}/api/v1"
    sign_in = f"-H 'Authorization: Bearer {scene.token}'"
    hub = _hub()
    names = ("HUB_HOME", "HUB_DATABASE_URL", "HUB_ALLOW_PRIVATE_NETWORK", "THREEDCART_API_URL")
    for line in (
        f"Two stores of 3DCart's kind run on this machine, '{NAMES[0]}' and '{NAMES[1]}', which sell the same.",
        "Their orders come in below, and what one sells, the other is told.",
        "",
        f"Address      {settings.address}",
        f"API          {settings.address}/api/docs",
        f"Access token {scene.token}",
        "",
        "Try in another terminal:",
        f"  curl {settings.address}/health",
        f"  curl {sign_in} {api}/integrations",
        f"  curl {sign_in} '{api}/orders?limit=3'",
        f"  curl -X POST {sign_in} -H 'Content-Type: application/json' \\",
        f'    -d \'{{"kinds": ["orders"]}}\' {api}/integrations/{scene.integration}/syncs',
        "",
        f"  export {' '.join(f'{name}={os.environ[name]}' for name in names)}",
        f"  {hub} orders",
        f"  {hub} orders show 1",
        f"  {hub} integrations",
        f"  {hub} stock set {scene.sku} 5",
        f"  {hub} stock explain {scene.sku}",
        f"  {hub} listings --sku {scene.sku}",
        f"  {hub} report --by day",
        f"  {hub} events --follow",
        "",
    ):
        say(line)
    sys.stdout.flush()


def _hub() -> str:
    """Write the command `hub` so that the user's shell finds this very one."""
    found, here = shutil.which("hub"), Path(sys.argv[0]).absolute()
    return "hub" if found is not None and Path(found).absolute() == here else shlex.quote(str(here))
