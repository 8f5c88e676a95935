"""Changing an integration: all that is named, or nothing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue, StrictBool, field_validator
from starlette.responses import Response

from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from hub_core.services.inheriting import Inheritance
from hub_core.services.integrations import checked_name
from hub_core.web.access import WRITE, ScopedRoute, TheHub
from hub_core.web.answers import answer
from hub_core.web.paths import Id

router = APIRouter(prefix="/integrations", tags=["integrations"], route_class=ScopedRoute)


class FlowChange(BaseModel):
    """What is to change of one flow."""

    model_config = ConfigDict(extra="forbid")

    enabled: StrictBool


class IntegrationChange(BaseModel):
    """What is to change; what is left out stays, and so do settings and rules that are not named.

    *same_store* confirms that a store which calls itself another one by the new settings is the same, elsewhere.
    """

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    enabled: StrictBool | None = None
    settings: dict[str, JsonValue] | None = None
    rules: dict[str, JsonValue] | None = None
    flows: dict[str, FlowChange] | None = None
    same_store: StrictBool = False

    @field_validator("*", mode="before")
    @classmethod
    def _is_given(cls, value: Any) -> Any:
        if value is None:
            message = "leave this out if it is to stay as it is"
            raise ValueError(message)
        return value


@router.patch("/{integration_id}", dependencies=[WRITE], response_model=Integration)
async def change_integration(hub: TheHub, integration_id: Id, change: IntegrationChange) -> Response:
    """Change name, settings and rules, enable or disable it or its flows. New settings are tried at the store first.

    What cannot be used is refused before anything is changed.
    """
    one = await hub.integrations.get(integration_id)
    name = None if change.name is None else await _usable_name(hub, one, change.name)
    flows = change.flows or {}
    hub.integrations.check_flows(one, flows)
    if change.settings is not None or change.rules is not None:
        await hub.integrations.change(
            one.id, settings=change.settings, rules=change.rules, same_store=change.same_store
        )
    if name not in (None, one.name):
        await hub.integrations.rename(one.id, name)
    if change.enabled is not None:
        await (hub.integrations.enable(one.id) if change.enabled else hub.integrations.disable(one.id))
    for flow, wanted in flows.items():
        switch = hub.integrations.enable if wanted.enabled else hub.integrations.disable
        await switch(one.id, flow=flow)
    return answer(await hub.integrations.get(one.id))


class TakeOver(BaseModel):
    """Whether to tell only what would be taken over."""

    model_config = ConfigDict(extra="forbid")

    dry_run: StrictBool = False


@router.post("/{integration_id}/links", dependencies=[WRITE], response_model=Inheritance)
async def take_over_links(hub: TheHub, integration_id: Id, wanted: TakeOver) -> Response:
    """Give the listings of a store that is connected anew the links that people had made, or cut, before."""
    return answer(await hub.integrations.take_over_links(integration_id, dry_run=wanted.dry_run))


async def _usable_name(hub: Hub, one: Integration, name: str) -> str:
    """Give *name* tidied up, before anything else is changed. Raises InputError, ConflictError where it is in use."""
    tidy = checked_name(name)
    try:
        holder = await hub.integrations.get(tidy)
    except NotFoundError:
        return tidy
    if holder.id != one.id:
        raise ConflictError(
            f"There is an integration named '{holder.name}' already; choose another name.",
            fields={"name": "is in use already"},
        )
    return tidy
