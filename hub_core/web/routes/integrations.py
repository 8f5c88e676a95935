"""Integrations: adding them, connecting them to their store, removing them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, JsonValue
from starlette.responses import Response

from hub_core.domain.errors import ChannelError, InputError, NotFoundError, VaultError
from hub_core.domain.integrations import Integration, StoreIdentity
from hub_core.services.authorization import AuthorizationStart
from hub_core.services.removing import RemovalPreview
from hub_core.web.access import READ, WRITE, Actor, ScopedRoute, TheHub
from hub_core.web.answers import Page, answer, page
from hub_core.web.cursors import Before, decoded
from hub_core.web.paths import Id
from hub_core.web.queries import IntegrationQuery

router = APIRouter(prefix="/integrations", tags=["integrations"], route_class=ScopedRoute)


class NewIntegration(BaseModel):
    """An integration to add; *settings* are those of the channel's `settings_schema`."""

    model_config = ConfigDict(extra="forbid")

    channel: str
    name: str
    settings: dict[str, JsonValue] = {}
    rules: dict[str, JsonValue] = {}


class VerificationProblem(BaseModel):
    """Why the store could not be verified."""

    code: str
    sentence: str


class Verification(BaseModel):
    """What the store said of itself, or why it did not."""

    ok: bool
    store: StoreIdentity | None = None
    problem: VerificationProblem | None = None


@router.get("", dependencies=[READ], response_model=Page[Integration])
async def list_integrations(hub: TheHub, query: Annotated[IntegrationQuery, Query()]) -> Response:
    """List the integrations, newest first."""
    place = decoded(Before, query.cursor)
    found = await hub.integrations.page(
        removed=query.removed, before=None if place is None else place.before, limit=query.limit + 1
    )
    return page(Page[Integration], found, query.limit, lambda last: Before(before=last.id))


@router.post("", dependencies=[WRITE], status_code=201, response_model=Integration)
async def add_integration(hub: TheHub, new: NewIntegration) -> Response:
    """Add an integration, which then awaits its authorisation."""
    try:
        added = await hub.integrations.add(new.channel, name=new.name, settings=new.settings, rules=new.rules)
    except NotFoundError as error:
        raise InputError(str(error), fields={"channel": str(error)}) from error
    return answer(added, 201)


@router.get("/{integration_id}", dependencies=[READ], response_model=Integration)
async def show_integration(hub: TheHub, integration_id: Id) -> Response:
    """Show one integration, also a removed one."""
    return answer(await hub.integrations.get(integration_id))


@router.get("/{integration_id}/removal", dependencies=[READ], response_model=RemovalPreview)
async def preview_removal(hub: TheHub, integration_id: Id) -> Response:
    """Tell what removing it will do."""
    return answer(await hub.integrations.removal(integration_id))


@router.delete("/{integration_id}", dependencies=[WRITE], status_code=204)
async def remove_integration(hub: TheHub, integration_id: Id) -> Response:
    """Remove an integration: its work stops, its credentials are destroyed, its orders stay readable."""
    await hub.integrations.remove(integration_id)
    return Response(status_code=204)


@router.post("/{integration_id}/authorization", dependencies=[WRITE], response_model=AuthorizationStart)
async def begin_authorization(hub: TheHub, actor: Actor, integration_id: Id) -> Response:
    """Tell what the merchant has to do so that the store lets the hub in; *fields* describes his answer.

    With the method `redirect` he opens *url* before *expires_at*; what was begun before no longer counts.
    """
    return answer(await hub.integrations.begin_authorization(integration_id, by=actor))


@router.put("/{integration_id}/authorization", dependencies=[WRITE], response_model=Integration)
async def authorize(hub: TheHub, integration_id: Id, values: dict[str, JsonValue]) -> Response:
    """Try the merchant's answer at the store, and connect the integration if it is right; else nothing changes."""
    return answer(await hub.integrations.authorize(integration_id, values))


@router.post("/{integration_id}/verification", dependencies=[WRITE], response_model=Verification)
async def verify(hub: TheHub, integration_id: Id) -> Response:
    """Ask the store who it is, with the credentials that are stored."""
    try:
        store = await hub.integrations.verify(integration_id)
    except (ChannelError, VaultError) as error:
        return answer(Verification(ok=False, problem=VerificationProblem(code=error.code, sentence=str(error))))
    return answer(Verification(ok=True, store=store))
