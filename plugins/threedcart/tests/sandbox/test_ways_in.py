"""The sandbox lets merchants sign in, and posts what they do."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub_core.testing.store.serving import serve
from hub_threedcart.sandbox import Sandbox, ThreeDCartShop

BACK = "https://hub.example/authorizations/threedcart"


def asked(shop: ThreeDCartShop, **changed: str) -> dict[str, str]:
    given = {"client_id": shop.public_key, "redirect_uri": BACK, "state": "s&1", "response_type": "code"}
    return {**given, "store_url": shop.address, **changed}


def back(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def token(client: httpx.AsyncClient, shop: ThreeDCartShop, code: str, **changed: str) -> httpx.Response:
    given = {"grant_type": "authorization_code", "client_id": shop.public_key, "client_secret": shop.private_key}
    return await client.post("/oauth/token", data={**given, "code": code, **changed})


async def test_who_says_yes_is_sent_back_with_a_code_that_counts_once(
    client: httpx.AsyncClient, shop: ThreeDCartShop
) -> None:
    told = back(await client.get("/oauth/authorize", params=asked(shop)))
    assert told["state"] == "s&1"
    answer = await token(client, shop, told["code"])
    assert answer.json() == {"access_token": shop.bearer, "token_type": "bearer", "user_id": 4021}
    assert (await token(client, shop, told["code"])).status_code == 400


async def test_who_says_no_is_sent_back_with_an_error(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    await client.post("/_sandbox/stores/demo-store", json={"consents": False})
    told = back(await client.get("/oauth/authorize", params=asked(shop)))
    assert (told["error_code"], "code" in told) == ("access_denied", False)


@pytest.mark.parametrize("wrong", ["client_id", "store_url", "redirect_uri"])
async def test_an_app_or_store_that_is_not_known_is_sent_nowhere(
    client: httpx.AsyncClient, shop: ThreeDCartShop, wrong: str
) -> None:
    assert (await client.get("/oauth/authorize", params=asked(shop, **{wrong: "x"}))).status_code == 400


@pytest.mark.parametrize("wrong", ["client_id", "client_secret", "code", "grant_type"])
async def test_a_code_is_exchanged_for_the_app_alone(
    client: httpx.AsyncClient, shop: ThreeDCartShop, wrong: str
) -> None:
    told = back(await client.get("/oauth/authorize", params=asked(shop)))
    given = {"code": told["code"], wrong: "x"}
    assert (await token(client, shop, **given)).status_code == 400


async def test_adding_and_removing_the_app_is_posted_with_a_new_token(
    client: httpx.AsyncClient, shop: ThreeDCartShop, sandbox: Sandbox
) -> None:
    posted = []

    async def hear(request: Request) -> Response:
        posted.append(json.loads(await request.body()))
        return Response(status_code=500 if posted[-1]["TokenKey"] == "refused" else 200)

    old = shop.token
    with serve(Starlette(routes=[Route("/hear", hear, methods=["POST"])])) as root:
        for action in ("REMOVE", "AUTHORIZE"):
            done = await client.post("/_sandbox/callbacks", json={"action": action, "url": f"{root}/hear"})
            assert done.json()["status"] == 200
        shop.callback_url = f"{root}/hear"
        refused = await client.post("/_sandbox/callbacks", json={"TokenKey": "refused"})
    assert [(one["Action"], one["TokenKey"]) for one in posted[:2]] == [("REMOVE", old), ("AUTHORIZE", shop.token)]
    assert shop.token != old
    assert sandbox.shop.authorized
    assert refused.json()["status"] == 500


async def test_a_store_that_knows_no_address_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.post("/_sandbox/callbacks", json={})
    assert answer.status_code == 422
    assert "callback_url" in answer.json()["error"]


async def test_an_app_that_does_not_answer_is_not_added(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    shop.authorized = False
    answer = await client.post("/_sandbox/callbacks", json={"url": "http://127.0.0.1:1/"})
    assert (answer.json()["status"], shop.authorized) == (0, False)
