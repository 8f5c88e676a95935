"""Errors as answers: RFC 9457 problems, and the only place that decides on a status."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from hub_core.domain.errors import (
    AuthorizationError,
    ChannelError,
    ConflictError,
    FlowClosedError,
    HubError,
    InputError,
    LeaseLostError,
    NotFoundError,
    PermissionMissingError,
    RejectedError,
    SettingsError,
    StalledError,
    StorageError,
    SupersededError,
    UnavailableError,
    VaultError,
)

logger = logging.getLogger("hub_core.web")

PROBLEM_JSON: Final = "application/problem+json"
_KIND: Final = "urn:problem-type:hub:"

STATUS: Final[Mapping[type[HubError], int]] = {
    NotFoundError: 404,
    ConflictError: 409,
    SettingsError: 500,
    InputError: 422,
    StorageError: 503,
    VaultError: 422,  # like credentials that a store refuses
    LeaseLostError: 409,
    FlowClosedError: 409,
    SupersededError: 409,
    StalledError: 503,
    AuthorizationError: 422,  # a 401 would be about the caller's own token
    PermissionMissingError: 422,
    RejectedError: 422,
    UnavailableError: 503,
    ChannelError: 502,
    HubError: 500,
}

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_TITLES: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    401: "A token is needed",
    403: "The token does not allow this",
    404: "Not found",
    405: "The method is not allowed here",
    409: "It clashes with what is there",
    413: "The body is too large",
    415: "The body must be JSON",
    422: "It cannot be used as it is",
    500: "The hub made a mistake",
    502: "The channel did not do what it should",
    503: "Not available now",
}
_CODES: Final[Mapping[int, str]] = {
    400: "unreadable",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    500: "error",
}
_DETAILS: Final[Mapping[int, str]] = {
    400: "The body is not JSON that can be read; send valid JSON in UTF-8.",
    404: "There is nothing at this address; the API's addresses are listed at /api/docs.",
    405: "This address does not take that method; the header Allow lists those it takes.",
}


class FieldProblem(BaseModel):
    """What is wrong with one field; members of an object are joined by dots."""

    field: str
    detail: str


class Problem(BaseModel):
    """An error as RFC 9457 has it. *errors* is there where fields are wrong, *request_id* where the log says more."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    request_id: str | None = None


def problem(
    status: int,
    detail: str | None = None,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """Make the answer for an error."""
    content = Problem(
        type=_KIND + (code or _CODES.get(status, "error")),
        title=_TITLES.get(status, "It did not work"),
        status=status,
        detail=detail or _DETAILS.get(status, "The request could not be served."),
        **members,
    )
    return Response(
        content.model_dump_json(exclude_none=True), status, headers=dict(headers or {}), media_type=PROBLEM_JSON
    )


def status_of(error: HubError) -> int:
    """Decide on the status that an error of the hub answers with."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


async def answer_hub_error(request: Request, error: Exception) -> Response:
    """Answer with the error's own sentence, but for what concerns only those who run the hub."""
    assert isinstance(error, HubError)  # noqa: S101 - registered for this type only
    status, headers = status_of(error), {}
    if isinstance(error, StorageError | SettingsError) and not isinstance(error, VaultError):
        logger.error("%s %s failed: %s", request.method, request.url.path, error)
        return problem(status, "The hub's database cannot do this now; its log says why.", code=error.code)
    if isinstance(error, UnavailableError) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    fields = error.fields if isinstance(error, InputError) else {}
    errors = [FieldProblem(field=field, detail=detail) for field, detail in fields.items()]
    return problem(status, str(error), code=error.code, headers=headers, errors=errors or None)


async def answer_invalid_request(request: Request, error: Exception) -> Response:
    """Answer a request that does not fit its description; an id that cannot exist is simply not found."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return problem(404)
    if any(one["loc"] == ("body",) for one in found) and not _is_json(request) and request.headers.get("content-type"):
        return problem(415, "Send the body as JSON, with the header Content-Type: application/json.")
    errors = [_field_problem(one) for one in found]
    first = errors[0]
    return problem(422, f"{first.field}: {first.detail}" if first.field else first.detail, errors=errors)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    headers = dict(error.headers or {})
    if error.status_code == 405:  # noqa: PLR2004 - the number is the name here
        headers["Allow"] = ", ".join(_methods_at(request))
    told = error.detail if error.status_code not in _DETAILS else None
    return problem(error.status_code, told, headers=headers)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    if error["type"] == "json_invalid":
        return FieldProblem(field="", detail=f"The body is no valid JSON: {error['ctx']['error']}.")
    field = ".".join(str(part) for part in error["loc"][1:])
    return FieldProblem(field=field, detail=str(error["msg"]).removeprefix("Value error, "))


def _methods_at(request: Request) -> list[str]:
    """List every method that the address takes; each route by itself knows only its own."""
    return [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
