from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import CallbackAnswer, CallbackRequest, Connection, StoreHttp
from hub_threedcart import callbacks
from hub_threedcart.channel import describe_channel, receive_callback
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings

STORE = "demo-store.3dcartstores.example"
AUTHORIZE = {
    "PublicKey": "12121212121212121212121212121212",
    "TimeStamp": "05-06-2024 13:45:10",
    "TokenKey": "34343434343434343434343434343434",
    "Action": "AUTHORIZE",
    "SecureURL": "https://demo-store.3dcartstores.example",
}
REMOVE = {**AUTHORIZE, "TimeStamp": "06-01-2024 08:02:59", "Action": "REMOVE"}


@pytest.fixture
def connection(http: StoreHttp, application: ThreeDCartApplication) -> Connection:
    return Connection(http=http, settings=None, application=application)


async def heard(connection: Connection, body: bytes | dict[str, Any]) -> CallbackAnswer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = CallbackRequest(method="POST", headers={}, query={}, body=content)
    return await receive_callback(connection, request)


async def test_a_merchant_who_adds_the_app_grants_access_to_his_store(connection: Connection) -> None:
    answer = await heard(connection, AUTHORIZE)
    (grant,) = answer.grants
    assert isinstance(grant.credentials, ThreeDCartCredentials)
    assert grant.credentials.token is not None
    assert (grant.store_key, grant.credentials.token.get_secret_value()) == (STORE, "34" * 16)
    assert (answer.status, answer.body, answer.revocations, answer.problem) == (200, b"", (), "")


async def test_a_merchant_who_removes_the_app_takes_that_token_back(connection: Connection) -> None:
    answer = await heard(connection, REMOVE)
    (revocation,) = answer.revocations
    assert isinstance(revocation.credentials, ThreeDCartCredentials)
    assert revocation.credentials.token is not None
    assert (revocation.store_key, revocation.credentials.token.get_secret_value()) == (STORE, "34" * 16)
    assert (answer.status, answer.grants) == (200, ())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(AUTHORIZE, indent=2).replace('"https://demo-store.3dcartstores.example"\n', '"%s",\n'),
        json.dumps(AUTHORIZE).replace("}", " ,  }"),
        json.dumps({name.upper(): value for name, value in AUTHORIZE.items()}),
        json.dumps({**AUTHORIZE, "Action": "authorize", "More": {"a": 1}}),
    ],
)
async def test_the_faults_of_the_platform_s_own_sample_are_put_up_with(connection: Connection, text: str) -> None:
    answer = await heard(connection, (text.replace("%s", AUTHORIZE["SecureURL"])).encode())
    assert [grant.store_key for grant in answer.grants] == [STORE]


@pytest.mark.parametrize(
    "address",
    ["http://DEMO-store.3dcartstores.example/", "www.demo-store.3dcartstores.example.", STORE, f"{STORE}:443"],
)
async def test_however_the_store_is_written_it_is_the_same(connection: Connection, address: str) -> None:
    answer = await heard(connection, {**AUTHORIZE, "SecureURL": address})
    assert [grant.store_key for grant in answer.grants] == [STORE]
    key = describe_channel().store_key
    assert key is not None
    assert key(ThreeDCartSettings(store_url=address)) == STORE


@pytest.mark.parametrize(
    "change",
    [
        {"PublicKey": "13" * 16},
        {"PublicKey": ""},
        {"PublicKey": "ключ"},
        {"TokenKey": "34"},
        {"TokenKey": None},
        {"Action": "MAYBE"},
        {"SecureURL": "https://"},
        {"SecureURL": "javascript:alert(1)"},
        {"SecureURL": ["https://demo-store.3dcartstores.example"]},
    ],
)
async def test_what_is_not_meant_for_the_hub_grants_nothing_and_is_answered_all_the_same(
    connection: Connection, change: dict[str, Any]
) -> None:
    answer = await heard(connection, {**AUTHORIZE, **change})
    assert (answer.status, answer.grants, answer.revocations) == (200, (), ())
    assert answer.problem
    assert "34" * 16 not in answer.problem


async def test_without_keys_of_its_own_the_hub_takes_nothing(connection: Connection) -> None:
    answer = await heard(replace(connection, application=None), AUTHORIZE)
    assert (answer.grants, answer.status) == ((), 200)
    assert "hub application set threedcart" in answer.problem


async def test_a_page_of_the_operator_is_opened_where_there_is_one(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREEDCART_POSTBACK_URL", "https://hub.example.com/welcome")
    answer = await heard(connection, AUTHORIZE)
    assert json.loads(answer.body) == {"PostBackURL": "https://hub.example.com/welcome"}
    assert answer.content_type == "application/json"
    assert (await heard(connection, REMOVE)).body == b""


@given(
    st.binary()
    | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_no_text_whatever_makes_it_fail(text: bytes) -> None:
    assert callbacks._told(text) is None
