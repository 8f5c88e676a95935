"""Signing in by OAuth: the owner of a store is sent here, says yes or no, and is sent back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub_threedcart.sandbox.shop import ThreeDCartShop, bare_host

OAUTH_ROOT: Final = "/oauth"


def is_asked(request: Request) -> bool:
    """Tell whether a request is about signing in."""
    return request.url.path.lower().startswith(f"{OAUTH_ROOT}/")


def shop_of(request: Request, shops: Mapping[str, ThreeDCartShop]) -> ThreeDCartShop | None:
    """Find the store by the address that the app names, or by the code that it was given."""
    host, code = bare_host(request.query_params.get("store_url", "")), _form(request).get("code")
    by_address = (shop for shop in shops.values() if host and bare_host(shop.address) == host)
    by_code = (shop for shop in shops.values() if code in shop.codes)
    return next(by_address, None) or next(by_code, None)


def answer(request: Request, shop: ThreeDCartShop | None) -> Response:
    """Answer `GET authorize` with the way back, and `POST token` with an access token."""
    step = (request.method, request.url.path.lower().removeprefix(f"{OAUTH_ROOT}/").rstrip("/"))
    if step == ("GET", "authorize"):
        return _consent(request, shop)
    return _token(request, shop) if step == ("POST", "token") else Response(status_code=404)


def _consent(request: Request, shop: ThreeDCartShop | None) -> Response:
    asked = request.query_params
    back = asked.get("redirect_uri", "")
    if shop is None or asked.get("client_id") != shop.public_key or not back.startswith(("http://", "https://")):
        return Response("This app or store is not known, or it names no way back.", 400)
    if asked.get("response_type") != "code" or not shop.consents:
        told = {"error_code": "access_denied", "error": "The merchant said no."}
    else:
        code = f"{shop.dice.getrandbits(128):032X}"
        shop.codes.add(code)
        told = {"code": code}
    sign = "&" if "?" in back else "?"
    return RedirectResponse(f"{back}{sign}{urlencode({**told, 'state': asked.get('state', '')})}", 302)


def _token(request: Request, shop: ThreeDCartShop | None) -> Response:
    form = _form(request)
    if shop is None or form.get("grant_type") != "authorization_code":
        return JSONResponse({"error_code": "invalid_grant", "error": "The code is not valid."}, 400)
    if (form.get("client_id"), form.get("client_secret")) != (shop.public_key, shop.private_key):
        return JSONResponse({"error_code": "invalid_client", "error": "The app is not known."}, 400)
    shop.codes.discard(form["code"])
    shop.authorized = True
    return JSONResponse({"access_token": shop.bearer, "token_type": "bearer", "user_id": 4021})


def _form(request: Request) -> dict[str, str]:
    body: bytes = request.state.body
    return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
