"""What the demo begins with: one connected store and a token; and what a newcomer is told."""

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
    from hub_core.cli.demo.sandbox import SandboxStore
    from hub_core.settings import HubSettings

NAME = "Demo shop"


@dataclass(frozen=True, slots=True)
class Scene:
    """What was set up."""

    integration: int
    token: str


def prepare(settings: "HubSettings", store: "SandboxStore") -> Scene:
    """Connect the sandbox's store and make a token."""
    return asyncio.run(_prepare(settings, store))


async def _prepare(settings: "HubSettings", store: "SandboxStore") -> Scene:
    from hub_core.domain.tokens import Scope
    from hub_core.hub import Hub

    async with Hub.open(settings=settings) as hub:
        await hub.applications.set("threedcart", {"public_key": "demo", "private_key": store.private_key})
        chosen = {"store_url": store.address, "timezone": store.timezone}
        shop = await hub.integrations.add("threedcart", name=NAME, settings=chosen, rules={"order_interval": 5})
        await hub.integrations.authorize(shop.id, {"token": store.token})
        token = await hub.tokens.create("demo", Scope.ADMIN)
    return Scene(integration=shop.id, token=token.token)


def tell(settings: "HubSettings", scene: Scene) -> None:
    """Say what is there and what to try."""
    api = f"{settings.address}/api/v1"
    sign_in = f"-H 'Authorization: Bearer {scene.token}'"
    hub = _hub()
    names = ("HUB_HOME", "HUB_DATABASE_URL", "HUB_ALLOW_PRIVATE_NETWORK", "THREEDCART_API_URL")
    for line in (
        f"A store of 3DCart's kind runs on this machine, connected as '{NAME}'. Its orders come in below.",
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
