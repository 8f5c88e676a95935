"""The installed channels, and the hub's own keys with them."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue
from starlette.responses import Response

from hub_core.channels.channel import Channel
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.channels import ChannelFault
from hub_core.domain.errors import InputError
from hub_core.web.access import ADMIN, READ, ScopedRoute, TheHub
from hub_core.web.answers import answer

router = APIRouter(tags=["channels"], route_class=ScopedRoute)


class ShownChannel(BaseModel):
    """A channel with the JSON Schemas of what it needs; *faults* of another plugin that claims the same key.

    *grade* is how well it passed the conformance suite, null for one that was not put to it.
    """

    key: str
    company: str
    description: str
    version: str
    logo_url: str | None
    capabilities: tuple[str, ...]
    application_schema: dict[str, Any] | None
    settings_schema: dict[str, Any]
    credentials_schema: dict[str, Any]
    grade: str | None = None
    faults: list[str]


class ShownChannels(BaseModel):
    """The channels that can be used, and the plugins that cannot."""

    items: list[ShownChannel]
    faulty: list[ChannelFault]
    next_cursor: None = None


@router.get("/channels", dependencies=[READ], response_model=ShownChannels)
async def list_channels(hub: TheHub) -> Response:
    """List the installed channels, and the plugins that cannot be used with the reason."""
    shown = [_shown(channel, hub.channels) for channel in hub.channels.channels.values()]
    return answer(ShownChannels(items=shown, faulty=list(hub.channels.faults)))


@router.get("/channels/{key}/application", dependencies=[READ], response_model=dict[str, str])
async def show_application(hub: TheHub, key: str) -> dict[str, str | None]:
    """Show the hub's own keys with this platform, without the secret ones, and the addresses to register there.

    It posts to *callback_url* what merchants grant, and sends them back to *return_url* after they have signed in.
    """
    keys = await hub.applications.get(key)
    addresses = {"return_url": f"{hub.settings.address}/authorizations/{key}"}
    return {**keys, **addresses, "callback_url": await hub.applications.callback_url(key)}


@router.put("/channels/{key}/application", dependencies=[ADMIN], status_code=204)
async def set_application(hub: TheHub, key: str, values: dict[str, JsonValue]) -> Response:
    """Set the hub's own keys with this platform; those that are not named stay as they are."""
    await hub.applications.set(key, texts(values))
    return Response(status_code=204)


def texts(values: dict[str, JsonValue]) -> dict[str, str]:
    """Give *values*, which must all be texts. Raises InputError, without repeating what may be a secret."""
    fields = {name: "must be a text" for name, value in values.items() if not isinstance(value, str)}
    if fields:
        raise InputError(f"These must be texts: {', '.join(fields)}.", fields=fields)
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _shown(channel: Channel, registry: ChannelRegistry) -> ShownChannel:
    info = channel.info
    return ShownChannel(
        key=channel.key,
        company=info.company,
        description=info.description,
        version=channel.version,
        logo_url=_data_url(info.logo_svg),
        capabilities=channel.capabilities,
        application_schema=None if info.application is None else info.application.model_json_schema(),
        settings_schema=info.settings.model_json_schema(),
        credentials_schema=info.credentials.model_json_schema(),
        faults=[fault.reason for fault in registry.faults if fault.key == channel.key],
    )


def _data_url(svg: str) -> str | None:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" if svg else None
