from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub_threedcart.sandbox import API_ROOT, Sandbox, ThreeDCartShop

Ask = Any


@pytest.mark.parametrize(
    "spelling",
    [
        "https://demo-store.3dcartstores.example",
        "https://demo-store.3dcartstores.example/",
        "http://WWW.Demo-Store.3dcartstores.example",
        "demo-store.3dcartstores.example",
        "www.demo-store.3dcartstores.example/shop/",
    ],
)
async def test_the_store_address_may_be_spelt_in_any_way(ask: Ask, shop: ThreeDCartShop, spelling: str) -> None:
    answer = await ask("/StoreSettings", headers={**shop.headers, "SecureURL": spelling})
    assert answer.status_code == 200


async def test_header_names_are_case_blind(ask: Ask, shop: ThreeDCartShop) -> None:
    answer = await ask("/StoreSettings", headers={name.lower(): value for name, value in shop.headers.items()})
    assert answer.status_code == 200


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_bearer_token_alone_opens_the_store(ask: Ask, shop: ThreeDCartShop, version: str) -> None:
    assert (await ask("/StoreSettings", version, headers=dict(shop.bearer_headers))).status_code == 200


async def test_a_bearer_token_beside_empty_key_headers_opens_the_store(ask: Ask, shop: ThreeDCartShop) -> None:
    headers = {"SecureURL": "", "PrivateKey": "", "Token": "", **shop.bearer_headers}
    assert (await ask("/StoreSettings", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"Token": "0" * 32},
        {"PrivateKey": "0" * 32},
        {"SecureURL": "https://other.example"},
        {"SecureURL": ""},
        {"Token": ""},
    ],
    ids=str,
)
async def test_wrong_keys_get_401_and_no_body(ask: Ask, shop: ThreeDCartShop, wrong: dict[str, str]) -> None:
    answer = await ask("/Orders", headers={**shop.headers, **wrong})
    assert (answer.status_code, answer.content) == (401, b"")


async def test_the_store_token_is_no_bearer_token(ask: Ask, shop: ThreeDCartShop) -> None:
    assert (await ask("/Orders", headers={"Authorization": f"Bearer {shop.token}"})).status_code == 401


async def test_no_keys_get_401(ask: Ask) -> None:
    assert (await ask("/Orders", headers={})).status_code == 401


@pytest.mark.parametrize(
    ("right", "path"),
    [("orders:read", "/OrderStatus"), ("products:read", "/Products"), ("store_settings:read", "/StoreSettings")],
)
async def test_a_missing_right_gets_401_for_its_own_resource_only(
    ask: Ask, shop: ThreeDCartShop, right: str, path: str
) -> None:
    shop.rights -= {right}
    statuses = {one: (await ask(one)).status_code for one in ("/OrderStatus", "/Products", "/StoreSettings")}
    assert statuses == {one: 401 if one == path else 200 for one in statuses}


async def test_a_write_needs_the_right_to_write(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    shop.rights -= {"orders:write"}
    answers = [
        await client.put(f"{API_ROOT}/v2/{name}", json=[], headers=dict(shop.headers))
        for name in ("Orders", "Products/skuinfo")
    ]
    assert [answer.status_code for answer in answers] == [401, 405]


async def test_revoked_access_is_refused_until_it_is_given_again(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.break_down("revoke")
    assert [(await ask("/Products")).status_code for _ in range(2)] == [401, 401]
    sandbox.shop.authorized = True
    assert (await ask("/Products")).status_code == 200


async def test_a_new_token_closes_the_door_to_the_old_one(
    client: httpx.AsyncClient, ask: Ask, shop: ThreeDCartShop
) -> None:
    old = dict(shop.headers)
    await client.post("/_sandbox/stores/demo-store", json={"token": "1" * 32})
    assert (await ask("/Products", headers=old)).status_code == 401
    assert (await ask("/Products")).status_code == 200


async def test_stores_are_told_apart_by_address_and_by_token() -> None:
    sandbox = Sandbox(stores=2, products=0)
    one, two = sandbox.shops.values()
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://sandbox{API_ROOT}/v2") as client:
        seen = [
            (await client.get("/StoreSettings", headers=headers)).json()[0]["StoreInformation"]["StoreName"]
            for headers in (one.headers, two.headers, one.bearer_headers, two.bearer_headers)
        ]
        mixed = await client.get("/StoreSettings", headers={**one.headers, "Token": two.token})
    assert seen == ["Demo Store", "Demo Store 2", "Demo Store", "Demo Store 2"]
    assert mixed.status_code == 401


@pytest.mark.parametrize("path", ["/v3/Orders", "/v2/Nonsense", "/v2/Orders/abc", "/Orders"])
async def test_a_path_that_does_not_exist_gets_404(client: httpx.AsyncClient, shop: ThreeDCartShop, path: str) -> None:
    assert (await client.get(API_ROOT + path, headers=dict(shop.headers))).status_code == 404


async def test_whoever_does_not_ask_for_json_gets_xml(ask: Ask, shop: ThreeDCartShop) -> None:
    answer = await ask("/OrderStatus", headers={**shop.headers, "Accept": "text/html,application/xml;q=0.9"})
    assert answer.headers["content-type"] == "application/xml"


async def test_too_many_requests_get_429() -> None:
    sandbox = Sandbox(products=1, clock="2024-05-20T12:00:00")
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://sandbox{API_ROOT}/v2") as client:
        headers = dict(sandbox.shop.headers)
        statuses = [(await client.get("/OrderStatus", headers=headers)).status_code for _ in range(51)]
        sandbox.shop.clock.advance(0.5)
        again = await client.get("/OrderStatus", headers=headers)
    assert statuses == [200] * 50 + [429]
    assert again.status_code == 200
    assert sandbox.shop.meter.over == 1
