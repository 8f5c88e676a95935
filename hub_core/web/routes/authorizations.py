"""Where a platform sends the merchant back after he has signed in there."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from hub_core.domain.errors import HubError, InputError, SettingsError, StorageError
from hub_core.domain.integrations import Integration
from hub_core.web.access import TheHub
from hub_core.web.errors import status_of
from hub_core.web.plainpage import plain_page

router = APIRouter(include_in_schema=False)

_MOST: Final = 20
_LONGEST: Final = 4_000
_INSIDE: Final = "The hub cannot do this now; its log says why. Begin the authorisation once more."


@router.get("/authorizations/{channel}")
async def come_back(request: Request, hub: TheHub, channel: str) -> Response:
    """Take what the platform sent along, and lead the merchant to his integration, or say why it is not connected."""
    try:
        integration = await hub.integrations.complete_authorization(channel, _answer(request))
    except HubError as error:
        told = _INSIDE if isinstance(error, StorageError | SettingsError) else str(error)
        return plain_page(status_of(error), "The store is not connected", told)
    place = f"{request.scope.get('root_path', '')}/integrations/{integration.id}"
    if _is_there(request, place):
        return RedirectResponse(place, 303)
    return plain_page(200, "The store is connected", _connected(integration))


def _answer(request: Request) -> dict[str, str]:
    """Read what was sent along. Raises InputError where no platform would send that."""
    pairs = request.query_params.multi_items()
    answer = dict(pairs)
    if len(pairs) > _MOST or len(answer) < len(pairs) or any(len(name + value) > _LONGEST for name, value in pairs):
        raise InputError("What the platform sent along cannot be read; begin the authorisation once more.")
    return answer


def _is_there(request: Request, place: str) -> bool:
    scope = {**request.scope, "method": "GET", "path": place}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def _connected(integration: Integration) -> str:
    store = integration.store
    missing = store.missing_permissions if store is not None else ()
    lacks = f" It does not grant these rights: {', '.join(missing)}." if missing else ""
    return f"'{integration.name}' is connected.{lacks} You can close this window."
