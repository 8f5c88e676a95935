"""How a merchant lets the hub in: by OAuth where the platform can send him back, else by pasting a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr, ValidationError

from hub_core import AuthorizationError, AuthorizationStep, Connection, RejectedError
from hub_threedcart.answers import BAD_REQUEST
from hub_threedcart.client import application_of
from hub_threedcart.parsing import read_as, tree_of
from hub_threedcart.settings import ThreeDCartCredentials, ThreeDCartSettings, environment
from hub_threedcart.wire import WireToken

_LONGEST: Final = 200
_RIGHTS: Final = "read Orders, Products and StoreSettings, and write Orders and Products"
_PORTAL: Final = (
    f"Sign in to 3DCart's developer portal (devportal.3dcart.com) and add an app that may {_RIGHTS}.",
    "Store the public and the private key of that app in the hub: hub application set threedcart",
)


def begin(connection: Connection, return_url: str, state: str) -> AuthorizationStep:
    """Tell the merchant what to do: to sign in at the platform if it can send him back to this hub, else to paste."""
    settings = connection.settings_as(ThreeDCartSettings)
    if connection.application is not None and _can_send_back_to(return_url):
        return _redirect(connection, settings, return_url, state)
    portal, key = (_PORTAL, "of the app") if connection.application is None else ((), _key_of(connection))
    return AuthorizationStep(
        method="token",
        instructions=(
            *portal,
            f"Sign in to the administration of {settings.store_url}.",
            f"Open Modules, then REST API, choose Add, paste the public key {key}, and confirm the rights.",
            f"Let the app {_RIGHTS}.",
            "Copy the token, which stands in 3DCart's developer portal beside your store, and enter it here.",
        ),
    )


def _can_send_back_to(return_url: str) -> bool:
    """Tell whether the platform sends merchants there: over HTTPS only, but a sandbox knows no difference."""
    return urlsplit(return_url).scheme == "https" or urlsplit(environment().oauth_url).scheme == "http"


def _key_of(connection: Connection) -> str:
    return f"`{application_of(connection).public_key}`"


def _redirect(connection: Connection, settings: ThreeDCartSettings, return_url: str, state: str) -> AuthorizationStep:
    query = urlencode(
        {
            "client_id": application_of(connection).public_key,
            "redirect_uri": return_url,
            "state": state,
            "response_type": "code",
            "store_url": settings.secure_url,
        }
    )
    return AuthorizationStep(
        method="redirect",
        url=f"{environment().oauth_url}/authorize?{query}",
        instructions=(
            f"Sign in at 3DCart as the owner of {settings.store_url} and let the app in.",
            f"Let the app {_RIGHTS}.",
        ),
    )


async def complete(connection: Connection, answer: Mapping[str, str]) -> ThreeDCartCredentials:
    """Exchange the code that the platform sent along for an access token."""
    code = answer.get("code")
    if not code:
        _refuse(answer.get("error") or answer.get("error_code") or "it sent no code")
    application = application_of(connection)
    response = await connection.http.request(
        "POST",
        f"{environment().oauth_url}/token",
        headers={"accept": "application/json"},
        form={
            "grant_type": "authorization_code",
            "client_id": application.public_key,
            "client_secret": application.private_key.get_secret_value(),
            "code": code,
        },
        expect=(BAD_REQUEST,),
    )
    try:
        token = read_as(WireToken, tree_of(response.body))
        if not token.access_token:
            _refuse(token.error or "it gave no access token")
        return ThreeDCartCredentials(access_token=SecretStr(token.access_token))
    except (RejectedError, ValidationError):
        _refuse("its answer cannot be read")


def _refuse(reason: str) -> NoReturn:
    shown = "".join(sign for sign in reason if sign.isprintable())[:_LONGEST]
    raise AuthorizationError(f"3DCart did not let the hub in: {shown}. Begin the authorisation once more.") from None
