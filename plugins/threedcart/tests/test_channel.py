from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
import respx

from hub_core import (
    AuthorizationError,
    AuthorizationStep,
    Connection,
    InputError,
    Poll,
    ResponseError,
    Store,
    StoreHttp,
    UnavailableError,
)
from hub_threedcart.channel import begin_authorization, check_store, complete_authorization, describe_channel
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
TOKEN_URL = "https://apirest.3dcart.com/oauth/token"
Example = Callable[[str], Any]


@pytest.fixture
def connection(http: StoreHttp, settings: ThreeDCartSettings, application: ThreeDCartApplication) -> Connection:
    return Connection(http=http, settings=settings, application=application)


@pytest.fixture
def open_store(api: respx.MockRouter, example: Example) -> respx.MockRouter:
    """A store that grants every right."""
    api.get(f"{API}/StoreSettings", name="settings").respond(json=example("store_settings"))
    api.get(f"{API}/Orders", name="orders").respond(json=example("orders_count"))
    api.get(f"{API}/Products", name="products").respond(json=example("products_count"))
    api.put(f"{API}/Orders", name="order_writes").respond(400)
    api.put(f"{API}/Products", name="writes").respond(400)
    return api


# What the channel is


def test_the_channel_says_what_it_is() -> None:
    info = describe_channel()
    assert (info.key, info.company) == ("threedcart", "3DCart")
    assert set(info.polls) == set(Poll)
    assert [(budget.depth, budget.per_second) for budget in info.rate_budgets] == [(48, 2)]
    assert (info.stock_batch, info.price_batch) == (100, 100)


def test_cards_and_keys_are_scrubbed(example: Example) -> None:
    (order,) = example("order_v2_full")
    cards = {name for name in order if name.startswith("Card")}
    assert len(cards) == 10
    assert {*cards, "ContinueURL", "TransactionCVV2"} == set(describe_channel().scrub)


def test_the_picture_is_an_svg() -> None:
    assert ET.fromstring(describe_channel().logo_svg).tag.endswith("svg")  # noqa: S314 - our own text


# Being let in


async def test_a_merchant_is_told_how_to_get_a_token(connection: Connection) -> None:
    step = await begin_authorization(connection, "http://127.0.0.1:8000/authorizations/threedcart", "s1")
    assert (step.method, step.url) == ("token", None)
    assert any("12" * 16 in line for line in step.instructions)


async def test_without_an_app_the_merchant_is_told_all_the_same(connection: Connection) -> None:
    step = await begin_authorization(replace(connection, application=None), "https://hub.example/x", "s1")
    assert step.method == "token"


async def test_where_the_platform_can_send_him_back_the_merchant_signs_in_there(connection: Connection) -> None:
    step: AuthorizationStep = await begin_authorization(
        connection, "https://hub.example/authorizations/threedcart", "s1"
    )
    assert step.method == "redirect"
    parts = urlsplit(step.url or "")
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://apirest.3dcart.com/oauth/authorize"
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "client_id": "12" * 16,
        "redirect_uri": "https://hub.example/authorizations/threedcart",
        "state": "s1",
        "response_type": "code",
        "store_url": "https://demo-store.3dcartstores.example",
    }


async def test_the_code_is_exchanged_for_an_access_token(
    connection: Connection, api: respx.MockRouter, example: Example
) -> None:
    route = api.post(TOKEN_URL).respond(json=example("oauth_token_response"))
    credentials = await complete_authorization(connection, {"code": "EXAMPLECODE123", "state": "s1"})
    assert credentials.access_token is not None
    assert credentials.access_token.get_secret_value() == example("oauth_token_response")["access_token"]
    assert parse_qs(route.calls.last.request.content.decode()) == {
        "grant_type": ["authorization_code"],
        "client_id": ["12" * 16],
        "client_secret": ["56" * 16],
        "code": ["EXAMPLECODE123"],
    }


@pytest.mark.parametrize("answer", [{"error": "access denied", "error_code": "7"}, {"error_code": "access denied"}])
async def test_a_refusal_is_repeated_in_its_own_words(answer: dict[str, str], connection: Connection) -> None:
    with pytest.raises(AuthorizationError, match="did not let the hub in: access denied"):
        await complete_authorization(connection, answer)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": "invalid_grant"}),
        httpx.Response(200, json={"error": "bad code"}),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": "with blanks in it"}),
        httpx.Response(200, json={"access_token": {}}),
        httpx.Response(200, text="<html>"),
        httpx.Response(401),
    ],
    ids=range(7),
)
async def test_a_code_that_is_not_accepted_lets_nobody_in(
    answer: httpx.Response, connection: Connection, api: respx.MockRouter
) -> None:
    api.post(TOKEN_URL).mock(return_value=answer)
    with pytest.raises(AuthorizationError):
        await complete_authorization(connection, {"code": "EXAMPLECODE123"})


async def test_a_bearer_is_sent_alone(store: Store, open_store: respx.MockRouter, example: Example) -> None:
    bearer = example("request_headers")["bearer_headers"]["Authorization"]
    credentials = ThreeDCartCredentials.model_validate({"access_token": bearer.removeprefix("Bearer ")})
    await check_store(replace(store, credentials=credentials, application=None))
    sent = open_store["settings"].calls.last.request.headers
    assert sent["authorization"] == bearer
    assert not {"token", "privatekey", "secureurl"} & set(sent)


async def test_the_credentials_own_private_key_goes_before_the_apps(store: Store, open_store: respx.MockRouter) -> None:
    own = ThreeDCartCredentials.model_validate({"token": "34" * 16, "private_key": "78" * 16})
    await check_store(replace(store, credentials=own, application=None))
    assert open_store["settings"].calls.last.request.headers["privatekey"] == "78" * 16


async def test_a_token_without_any_private_key_is_of_no_use(store: Store) -> None:
    with pytest.raises(InputError, match="hub application set threedcart"):
        await check_store(replace(store, application=None))


async def test_version_and_address_of_the_api_can_be_set(
    store: Store, api: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREEDCART_API_URL", "https://api.example/root/")
    route = api.route(url__startswith="https://api.example/root/v1/").respond(404)
    settings = ThreeDCartSettings(store_url="shop.example.com", api_version="v1")
    await check_store(replace(store, settings=settings))
    assert route.call_count == 5


# Who the store is


async def test_a_store_tells_its_name_and_currency_and_hints_at_its_zone(
    store: Store, open_store: respx.MockRouter
) -> None:
    identity = await check_store(replace(store, timezone=None, currency=None))
    assert identity.key == "demo-store.3dcartstores.example"
    assert identity.account == "https://demo-store.3dcartstores.example"
    assert (identity.name, identity.currency) == ("Demo Store", "USD")
    assert (identity.timezone, identity.timezone_hint) == (None, "-5")
    assert identity.missing_permissions == ()
    assert open_store["orders"].calls.last.request.url.params["countonly"] == "1"
    assert open_store["writes"].calls.last.request.content == b"[]"


@pytest.mark.parametrize(
    ("told", "zone", "hint"),
    [("America/New_York", "America/New_York", ""), (-5, None, "-5"), ("EST", "EST", ""), ("", None, "")],
)
async def test_only_the_name_of_a_zone_is_taken_for_one(
    told: Any, zone: str | None, hint: str, store: Store, open_store: respx.MockRouter
) -> None:
    open_store["settings"].respond(json={"StoreStandards": {"StoreTimeZone": told, "CurrencyCode": "Bitcoin"}})
    identity = await check_store(store)
    assert (identity.timezone, identity.timezone_hint, identity.currency) == (zone, hint, None)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("resource", ["StoreSettings", "Orders", "Products"])
async def test_a_missing_right_is_named_and_the_store_connects(
    status: int, resource: str, store: Store, open_store: respx.MockRouter
) -> None:
    open_store.get(f"{API}/{resource}").respond(status)
    identity = await check_store(store)
    assert identity.missing_permissions == (f"{resource}: read",)
    assert identity.key == "demo-store.3dcartstores.example"


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("resource", ["Orders", "Products"])
async def test_a_store_that_does_not_let_the_hub_write_says_so_and_connects(
    status: int, resource: str, store: Store, open_store: respx.MockRouter
) -> None:
    open_store.put(f"{API}/{resource}").respond(status)
    assert (await check_store(store)).missing_permissions == (f"{resource}: write",)


@pytest.mark.parametrize("status", [200, 206, 404, 405, 415, 500, 501])
async def test_whatever_the_platform_thinks_of_an_empty_list_the_hub_may_write(
    status: int, store: Store, open_store: respx.MockRouter
) -> None:
    open_store["writes"].respond(status, html="<html>")
    assert (await check_store(store)).missing_permissions == ()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_store_that_refuses_everything_is_not_connected(
    status: int, store: Store, api: respx.MockRouter
) -> None:
    api.get(url__startswith=API).respond(status)
    with pytest.raises(AuthorizationError, match="token, the private key or the store address is wrong"):
        await check_store(store)


async def test_a_new_store_without_orders_and_products_is_fine(store: Store, open_store: respx.MockRouter) -> None:
    open_store["orders"].respond(404)
    open_store["products"].respond(404)
    assert (await check_store(store)).missing_permissions == ()


async def test_an_address_that_is_no_api_is_not_taken_for_an_empty_store(store: Store, api: respx.MockRouter) -> None:
    api.get(url__startswith=API).respond(404, html="<html><title>Not Found</title></html>")
    with pytest.raises(ResponseError, match="Not Found"):
        await check_store(store)


async def test_a_store_that_is_away_is_not_taken_for_one_that_refuses(
    store: Store, open_store: respx.MockRouter
) -> None:
    open_store["orders"].respond(503)
    with pytest.raises(UnavailableError):
        await check_store(store)


async def test_settings_that_are_a_refusal_for_asking_too_often_are_no_settings(
    store: Store, open_store: respx.MockRouter
) -> None:
    open_store["settings"].respond(json={"Message": "Calls are throttled"})
    with pytest.raises(UnavailableError, match="asked too often"):
        await check_store(store)


@pytest.mark.parametrize("body", [["x"], [{"StoreStandards": {"CurrencyCode": {}}}], {"StoreInformation": 5}])
async def test_settings_that_make_no_sense_are_not_understood(
    body: Any, store: Store, open_store: respx.MockRouter
) -> None:
    open_store["settings"].respond(json=body)
    with pytest.raises(ResponseError, match="settings of the store"):
        await check_store(store)
