"""What stores tell by themselves: hints, of which nothing is believed."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub_core.domain.errors import HubError, NotFoundError
from hub_core.web.access import TheHub
from hub_core.web.bodies import posted
from hub_core.web.errors import problem

router = APIRouter(include_in_schema=False)

LARGEST: Final = 1_000_000
"""Bytes of a webhook's body: it may hold a whole order, or product, though nothing of it is used but its id."""
_TOO_LARGE: Final = 413
_LONGEST_ID: Final = 18


@router.post("/webhooks/{integration}/{secret}")
async def receive(request: Request, hub: TheHub, integration: str, secret: str) -> Response:
    """Take a hint, and answer as the platform wants it. No error is left to others, since they would log the secret."""
    told = await posted(request, LARGEST)
    if told is None:
        hub.webhooks.complain(f"its body was larger than {LARGEST:,} bytes.")
        return problem(_TOO_LARGE, f"The body is larger than {LARGEST:,} bytes.")
    known = integration.isascii() and integration.isdecimal() and len(integration) <= _LONGEST_ID
    try:
        hints = await hub.webhooks.hear(int(integration) if known else 0, secret, told)
    except NotFoundError as error:
        return problem(404, str(error))
    except HubError as error:
        return problem(503, "The hub cannot take this now; it looks by itself later.", code=error.code)
    return Response(hints.body, hints.status, media_type=hints.content_type)
