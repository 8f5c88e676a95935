"""Answers as the 3DCart API gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.responses import Response

from hub_threedcart.sandbox.shop import ThreeDCartShop
from hub_threedcart.sandbox.spelling import dump

JSON = "application/json; charset=utf-8"
_HEADERS = {"cache-control": "no-cache", "pragma": "no-cache", "expires": "-1", "x-aspnet-version": "4.0.30319"}
_PAST_END = "Offset amount exceeds the total number of records"


def answer(body: bytes, status: int = 200, kind: str = JSON) -> Response:
    """Answer with *body*; one without content has no type either."""
    return Response(body, status, {**_HEADERS, "content-type": kind} if body else _HEADERS)


def rows(texts: Iterable[bytes]) -> Response:
    """Answer with a list."""
    return answer(b"[" + b",".join(texts) + b"]")


def error(status: int, message: str, value: str = "") -> Response:
    """Answer with an error array."""
    return answer(error_array(status, message, value), status)


def error_array(status: int, message: str, value: str = "") -> bytes:
    """Write an error as the platform does: a list of one result."""
    return dump([{"Key": "Error", "Value": value, "Status": str(status), "Message": message}])


def nothing(shop: ThreeDCartShop) -> Response:
    """Say that there are no rows, in the store's own way (see `NOTHING_KINDS`)."""
    status, body = _NOTHING[shop.nothing]
    return answer(body, status)


_NOTHING: Mapping[str, tuple[int, bytes]] = {
    "404": (404, b""),
    "400": (400, error_array(400, _PAST_END)),
    "500": (500, b""),
    "empty": (200, b""),
    "array": (200, b"[]"),
}
