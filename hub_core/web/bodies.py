"""Bodies of requests by strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import Request

PRIVATE: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that could sign somebody in, which nobody else is to see."""


async def body_of(request: Request, most: int) -> bytes | None:
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
