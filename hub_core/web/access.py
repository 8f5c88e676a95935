"""Who may do what: every route of the API says which scope it needs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.params import Security as SecurityParam
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub_core.domain import acting
from hub_core.domain.tokens import Scope, Token
from hub_core.hub import Hub


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _actor(request: Request) -> str:
    token: Token = request.state.token
    return str(acting.Actor(acting.ActorKind.TOKEN, token.name))


Actor = Annotated[str, Depends(_actor)]
"""Who asks, by the token that he bears."""
TheHub = Annotated[Hub, Depends(_hub)]
"""The hub that the application was made for."""


class Needs(HTTPBearer):
    """A dependency that says which scope a route needs; `ScopedRoute` sees to it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scheme_name="token", description="An access token: `hub tokens create NAME --scope …`")
        self.scope = scope

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Do nothing: whoever comes here has been admitted."""

    async def admit(self, request: Request) -> None:
        """Let the request in. Raises 401 or 403."""
        token = request.state.token = await _token(request)
        if not token.scope.allows(self.scope):
            raise HTTPException(
                403,
                f"The token '{token.name}' has the scope '{token.scope}', but this needs '{self.scope}'; use another.",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope}"'},
            )


def _needs(scope: Scope) -> Any:
    return Security(Needs(scope), scopes=[scope.value])


READ = _needs(Scope.READ)
WRITE = _needs(Scope.WRITE)
ADMIN = _needs(Scope.ADMIN)


class ScopedRoute(APIRoute):
    """A route that cannot be made without a scope, and asks for the token before it reads anything else.

    What it does, it does for whoever bears the token.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        declared = [one.dependency for one in options.get("dependencies") or () if isinstance(one, SecurityParam)]
        guards = [dependency for dependency in declared if isinstance(dependency, Needs)]
        if len(guards) != 1:
            message = f"The route {path} must declare exactly one of READ, WRITE and ADMIN among its dependencies"
            raise TypeError(message)
        self.guard = guards[0]
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the guard before everything else."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await self.guard.admit(request)
            with acting.acting(acting.Actor(acting.ActorKind.TOKEN, request.state.token.name)):
                return await handle(request)

        return guarded


async def _token(request: Request) -> Token:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        detail = "Send an access token in the header Authorization: Bearer TOKEN; 'hub tokens create' makes one."
        raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
    token = await _hub(request).tokens.holder(secret.strip())
    if token is None:
        detail = "The hub knows no such token, or it was revoked; make another with 'hub tokens create'."
        raise HTTPException(401, detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return token
