"""What platforms post when merchants grant or take back access."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub_core.channels.callbacks import LARGEST
from hub_core.channels.channel import Channel
from hub_core.domain.errors import HubError, InputError, SettingsError, StorageError, UnavailableError
from hub_core.hub import Hub
from hub_core.web.access import TheHub
from hub_core.web.bodies import posted
from hub_core.web.errors import problem, status_of

router = APIRouter(include_in_schema=False)

_TOO_LARGE: Final = 413
_INSIDE: Final = "The hub cannot take this now; send it again later."


@router.api_route("/callbacks/{channel}/{secret}", methods=["GET", "POST"])
async def receive(request: Request, hub: TheHub, channel: str, secret: str) -> Response:
    """Pass what was posted on to the channel, and answer as its platform wants it.

    No error is left to others, since they would write the address, which is a secret, to the log.
    """
    try:
        called = await hub.callbacks.channel_at(channel, secret)
        if request.method not in called.info.callback_methods:
            return problem(405, headers={"Allow": ", ".join(sorted(called.info.callback_methods))})
        return await _heard(request, hub, called)
    except HubError as error:
        return _refusal(error)


async def _heard(request: Request, hub: Hub, channel: Channel) -> Response:
    told = await posted(request, LARGEST)
    if told is None:
        hub.callbacks.complain(channel, f"its body was larger than {LARGEST:,} bytes.")
        return problem(_TOO_LARGE, f"The body is larger than {LARGEST:,} bytes.")
    try:
        answer = await hub.callbacks.receive(channel, told)
    except HubError as error:
        hub.callbacks.complain(channel, str(error))
        raise
    return Response(answer.body, answer.status, media_type=answer.content_type)


def _refusal(error: HubError) -> Response:
    if isinstance(error, StorageError | SettingsError | UnavailableError):
        return problem(503, _INSIDE, code=error.code, headers={"Retry-After": "30"})
    return problem(status_of(error), str(error) if isinstance(error, InputError) else None, code=error.code)
