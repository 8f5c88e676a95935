"""The web application: put together from its parts, under any prefix."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from hub_core.domain.errors import HubError
from hub_core.hub import Hub
from hub_core.web.boundary import Boundary
from hub_core.web.errors import (
    PROBLEM_JSON,
    Problem,
    answer_http_error,
    answer_hub_error,
    answer_invalid_request,
)
from hub_core.web.health import HealthCheck
from hub_core.web.queries import refuse_repeats
from hub_core.web.routes import (
    audit,
    authorizations,
    callbacks,
    channels,
    events,
    fulfilments,
    health,
    integration_changes,
    integrations,
    metrics,
    orders,
    rejects,
    reports,
    syncs,
    webhooks,
)

_ROOT = "/api/v1"
_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "It did not work: a problem as RFC 9457 has it.",
    "content": {PROBLEM_JSON: {"schema": {"$ref": _REF.format(model="Problem")}}},
}


class HubApi(FastAPI):
    """The application, with problems in its description."""

    def openapi(self) -> dict[str, Any]:
        """Describe the API."""
        if self.openapi_schema is None:
            schemas = super().openapi().setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template=_REF)
            schemas |= problem.pop("$defs") | {"Problem": problem}
        return super().openapi()


def create_app(hub: Hub) -> FastAPI:
    """Put the application of an open *hub* together."""
    app = HubApi(
        title="Hub",
        version=version("hub-core"),
        openapi_url=f"{_ROOT}/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        middleware=[Middleware(Boundary)],
        generate_unique_id_function=_name_of,
        exception_handlers={
            HubError: answer_hub_error,
            RequestValidationError: answer_invalid_request,
            HTTPException: answer_http_error,
        },
    )
    app.state.hub = hub
    app.state.health = HealthCheck(hub)
    app.state.closing = asyncio.Event()  # whoever runs the server sets it when it is to stop
    app.include_router(health.router)
    app.include_router(metrics.router, responses={"default": _PROBLEM})
    app.include_router(authorizations.router)
    app.include_router(callbacks.router)
    app.include_router(webhooks.router)
    app.include_router(_api())
    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=_ROOT, dependencies=[Depends(refuse_repeats)], responses={"default": _PROBLEM})
    parts = (channels, integrations, integration_changes, syncs, orders, fulfilments, rejects, reports, events, audit)
    for part in parts:
        api.include_router(part.router)
    return api


def _name_of(route: APIRoute) -> str:
    return route.name
