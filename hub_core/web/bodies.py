"""Requests by strangers, read as far as they may be, for channels to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub_core.channels.callbacks import CallbackRequest

if TYPE_CHECKING:
    from starlette.requests import Request

_PRIVATE: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that could sign somebody in, which nobody else is to see."""


async def posted(request: Request, most: int) -> CallbackRequest | None:
    """Give what was sent, without what could sign somebody in; None where its body is larger than *most* bytes."""
    body = await _body(request, most)
    if body is None:
        return None
    headers = {name: value for name, value in request.headers.items() if name not in _PRIVATE}
    return CallbackRequest(method=request.method, headers=headers, query=dict(request.query_params), body=body)


async def _body(request: Request, most: int) -> bytes | None:
    """Read the body; None, and nothing more is read, where it is larger than *most* bytes."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)
