"""Where platforms send merchants back, and where they post."""

import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from hub_core.channels.callbacks import LARGEST
from hub_core.domain.tokens import Scope
from hub_core.testing.clock import VirtualClock
from hub_core.testing.store.serving import serve
from hub_core.web import create_app
from tests import hubs
from tests.grantshop.desk import GrantDesk, grant_desk
from tests.hubs import NOW
from tests.web.conftest import caller


@pytest.fixture
async def grants(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GrantDesk]:
    hubs.hurry_sqlite(monkeypatch)
    shutil.copyfile(empty_database, tmp_path / "hub.db")
    async with grant_desk(f"sqlite:///{tmp_path / 'hub.db'}", VirtualClock(NOW)) as desk:
        yield desk


@pytest.fixture
async def browser(grants: GrantDesk) -> AsyncIterator[httpx.AsyncClient]:
    """A merchant's browser, or a platform: it has no token."""
    transport = httpx.ASGITransport(app=create_app(grants.hub))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        yield client


async def callback_path(grants: GrantDesk) -> str:
    return urlsplit(await grants.hub.applications.callback_url("grantshop") or "").path


async def test_who_comes_back_reads_that_the_store_is_connected(grants: GrantDesk, browser: httpx.AsyncClient) -> None:
    account = grants.platform.open(missing=("orders <write>",))
    added = await grants.add()
    answer = {"state": await grants.begin(added.id), "code": account.code()}
    page = await browser.get("/authorizations/grantshop", params=answer)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "&#x27;Grant 7&#x27; is connected. It does not grant these rights: orders &lt;write&gt;." in page.text
    assert "script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    again = await browser.get("/authorizations/grantshop", params=answer)
    assert again.status_code == 422


async def test_where_there_are_pages_he_is_led_to_that_of_his_integration(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    app, larger = create_app(grants.hub), FastAPI()

    @app.get("/integrations/{integration_id}")
    async def page(integration_id: int) -> int:
        return integration_id

    larger.mount("/hub", app)
    answer = {"state": await grants.begin(added.id), "code": account.code()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=larger), base_url="http://larger.test") as client:
        gone = await client.get("/hub/authorizations/grantshop", params=answer)
        assert (gone.status_code, gone.headers["location"]) == (303, f"/hub/integrations/{added.id}")
        assert (await client.get(gone.headers["location"])).json() == added.id


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=forged&code=1",
        "error=access_denied",
        "state=1&state=2",
        "state=" + "x" * 5000,
        "state=%ff%00",
        "&".join(f"a{number}=1" for number in range(30)),
    ],
)
async def test_a_forged_answer_is_refused_on_a_page_that_can_be_read(
    grants: GrantDesk, browser: httpx.AsyncClient, query: str
) -> None:
    await grants.begin((await grants.add()).id)
    before = grants.everything()
    page = await browser.get(f"/authorizations/grantshop?{query}")
    assert page.status_code == 422
    assert "begin the authorisation once more" in page.text
    assert grants.everything() == before


async def test_what_the_platform_says_is_repeated_as_text(grants: GrantDesk, browser: httpx.AsyncClient) -> None:
    grants.platform.open()
    added = await grants.add()
    answer = {"state": await grants.begin(added.id), "error": "<script>alert(1)</script>"}
    page = await browser.get("/authorizations/grantshop", params=answer)
    assert page.status_code == 422
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text


async def test_another_channel_s_address_is_not_there(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/authorizations/nowhere?state=1")).status_code == 404


async def test_the_api_says_how_to_sign_in_and_notes_who_asked(grants: GrantDesk, browser: httpx.AsyncClient) -> None:
    account, added = grants.platform.open(), await grants.add()
    async with caller(grants.hub, Scope.WRITE) as api:
        start = (await api.post(f"/integrations/{added.id}/authorization")).json()
    assert (start["method"], start["instructions"]) == ("redirect", ["Sign in.", "Say yes."])
    assert start["callback_url"] == await grants.hub.applications.callback_url("grantshop")
    assert list(start["fields"]["properties"]) == ["access", "refresh", "expires_at"]
    state = httpx.URL(start["url"]).params["state"]
    with pytest.raises(Exception, match="Somebody else"):
        await grants.hub.integrations.complete_authorization("grantshop", {"state": state}, by="token other")
    page = await browser.get("/authorizations/grantshop", params={"state": state, "code": account.code()})
    assert page.status_code == 200


async def test_a_grant_that_is_posted_connects_the_store(grants: GrantDesk, browser: httpx.AsyncClient) -> None:
    account, added = grants.platform.open(), await grants.add()
    answer = await browser.post(await callback_path(grants), content=account.granted())
    assert (answer.status_code, answer.text) == (200, "thanks")
    assert (await grants.hub.integrations.get(added.id)).connection == "connected"


async def test_a_platform_may_ask_for_the_address_where_its_channel_says_so(
    grants: GrantDesk, browser: httpx.AsyncClient
) -> None:
    probe = await browser.get(await callback_path(grants), params={"challenge": "abc"})
    assert (probe.status_code, probe.text) == (200, "abc")
    channel = grants.hub.channels.channel("grantshop")
    object.__setattr__(channel.info, "callback_methods", frozenset({"POST"}))
    try:
        refused = await browser.get(await callback_path(grants))
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    finally:
        object.__setattr__(channel.info, "callback_methods", frozenset({"GET", "POST"}))


async def test_only_the_one_address_is_there(grants: GrantDesk, browser: httpx.AsyncClient) -> None:
    account, path = grants.platform.open(), await callback_path(grants)
    added = await grants.add()
    body = account.granted()
    for wrong in (path[:-1], path + "x", "/callbacks/grantshop/", "/callbacks/nowhere/x", "/callbacks/grantshop/%FF"):
        assert (await browser.post(wrong, content=body)).status_code in (404, 405)
    assert (await grants.hub.integrations.get(added.id)).connection == "awaiting_authorization"


async def test_a_callback_that_is_too_large_is_not_read(
    grants: GrantDesk, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    path, before = await callback_path(grants), grants.everything()

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(LARGEST // 1000 + 1):
            yield b" " * 1000

    assert (await browser.post(path, content=b" " * (LARGEST + 1))).status_code == 413
    assert (await browser.post(path, content=parts())).status_code == 413
    assert grants.everything() == before
    assert "larger than 64,000 bytes" in caplog.text


async def test_the_secret_address_is_never_written_to_the_log(
    grants: GrantDesk, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    path = await callback_path(grants)

    async def burst(*_: object) -> None:
        raise ZeroDivisionError

    crash = grants.platform.open().event("crash", access="very-secret-text")
    answer = await browser.post(path, content=crash)
    assert answer.status_code == 502
    monkeypatch.setattr(grants.hub.callbacks, "channel_at", burst)
    transport = httpx.ASGITransport(app=create_app(grants.hub), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        assert (await client.post(path)).status_code == 500
    ours = [each.getMessage() + str(each.exc_text) for each in caplog.records if each.name.startswith("hub_core")]
    assert len(ours) >= 3
    told = "".join(ours) + answer.text
    assert path.rpartition("/")[2] not in told
    assert "very-secret-text" not in told


async def test_over_loopback_a_merchant_and_a_platform_reach_the_hub(grants: GrantDesk) -> None:
    one, two = grants.platform.open(1), grants.platform.open(2)
    first, second = await grants.add(1), await grants.add(2)
    answer = {"state": await grants.begin(first.id), "code": one.code()}
    path = await callback_path(grants)
    with serve(create_app(grants.hub)) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            pages = [
                await client.get("/authorizations/grantshop", params=answer),
                await client.post(path, content=two.granted()),
                await client.post(path, content=b"{"),
                await client.get("/authorizations/grantshop", params=answer),
            ]
    assert [page.status_code for page in pages] == [200, 200, 200, 422]
    states = [(await grants.hub.integrations.get(one.id)).connection for one in (first, second)]
    assert states == ["connected", "connected"]


async def test_many_who_guess_the_address_make_one_line_and_no_row(
    grants: GrantDesk, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await callback_path(grants)
    before = grants.everything()
    for number in range(500):
        assert (await browser.post(f"/callbacks/grantshop/guess-{number}", content=b"{}")).status_code == 404
    assert grants.everything() == before
    lines = [each for each in caplog.records if each.name.startswith("hub_core") and each.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert "guess" not in lines[0].getMessage()
