"""What platforms post: grants and revocations, each tried before it is believed."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from importlib.metadata import EntryPoint

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import NotFoundError, PluginError, UnavailableError
from hub_core.settings import HubSettings
from hub_core.storage.tables import callbacks, integrations
from hub_core.testing.clock import VirtualClock
from tests.grantshop.desk import GrantDesk, grant_desk, grantshop_registry
from tests.grantshop.platform import LIFE, Account
from tests.hubs import rows, told, toyshop_registry


@pytest.fixture
async def grants(hub_url: str, clock: VirtualClock) -> AsyncIterator[GrantDesk]:
    async with grant_desk(hub_url, clock) as desk:
        yield desk


async def address(hub: Hub) -> str:
    found = await hub.applications.callback_url("grantshop")
    assert found is not None
    return found


async def test_the_address_is_made_once_and_kept_sealed(grants: GrantDesk) -> None:
    first = await address(grants.hub)
    root, _, secret = first.rpartition("/")
    assert root == "http://127.0.0.1:8000/callbacks/grantshop"
    assert len(secret) >= 43
    assert await address(grants.hub) == first
    (row,) = rows(grants.hub, callbacks)
    assert secret not in repr(row)


async def test_a_channel_without_callbacks_has_no_such_address(hub: Hub) -> None:
    assert await hub.applications.callback_url("toyshop") == "http://127.0.0.1:8000/authorizations/toyshop"
    with pytest.raises(NotFoundError):
        await hub.callbacks.channel_at("toyshop", "")


async def test_the_address_is_sealed_anew_with_another_key(
    hub_url: str, clock: VirtualClock, grants: GrantDesk
) -> None:
    first = await address(grants.hub)
    old, new = "a-key-for-tests-of-more-than-32-characters", "another-key-of-more-than-32-characters"
    both, one = HubSettings(secret_keys=SecretStr(f"{new},{old}")), HubSettings(secret_keys=SecretStr(new))
    async with Hub.open(hub_url, settings=both, clock=clock, registry=grantshop_registry()) as hub:
        assert (await hub.keys.rotate()).anew == 2
    async with Hub.open(hub_url, settings=one, clock=clock, registry=grantshop_registry()) as hub:
        assert await address(hub) == first


async def test_without_its_key_the_address_is_not_shown_and_keys_set_anew_make_another(
    hub_url: str, clock: VirtualClock, grants: GrantDesk
) -> None:
    first = await address(grants.hub)
    lost = HubSettings(secret_keys=SecretStr("another-key-of-more-than-32-characters"))
    async with Hub.open(hub_url, settings=lost, clock=clock, registry=grantshop_registry()) as hub:
        assert await hub.applications.callback_url("grantshop") is None
        await hub.applications.set("grantshop", {"client_id": "mine", "client_secret": "hush"})
        assert await address(hub) not in (first, None)


async def test_a_grant_completes_the_integration_that_waits_for_the_store(grants: GrantDesk) -> None:
    other, account = grants.platform.open(8), grants.platform.open(7)
    waits_too, added = await grants.add(8), await grants.add(7)
    assert (await grants.post(account.granted())).body == b"thanks"
    connected = await grants.hub.integrations.get(added.id)
    assert (connected.connection, connected.store and connected.store.name) == ("connected", "account 7")
    assert (await grants.hub.integrations.get(waits_too.id)).connection == "awaiting_authorization"
    assert (await grants.hub.sync(added.id)).state == "succeeded"
    del other


async def test_of_several_that_wait_for_a_store_the_newest_gets_it(grants: GrantDesk) -> None:
    account = grants.platform.open()
    older, newer = await grants.add(name="Older"), await grants.add(name="Newer")
    await grants.post(account.granted())
    states = [(await grants.hub.integrations.get(one.id)).connection for one in (older, newer)]
    assert states == ["awaiting_authorization", "connected"]


async def test_a_second_grant_replaces_the_token_and_lets_a_stopped_one_go_on(grants: GrantDesk) -> None:
    account = grants.platform.open()
    integration = await grants.connected(account)
    account.issue()
    account.renews = False
    await grants.hub.sync(integration.id)
    assert (await grants.hub.integrations.get(integration.id)).connection == "needs_reauthorization"
    await grants.post(account.granted())
    assert (await grants.hub.integrations.get(integration.id)).connection == "connected"
    assert (await grants.hub.sync(integration.id)).state == "succeeded"


async def test_a_grant_that_is_posted_again_changes_nothing(grants: GrantDesk) -> None:
    account = grants.platform.open()
    await grants.add()
    body = account.granted()
    await grants.post(body)
    before = grants.everything()
    await grants.post(body)
    assert grants.everything() == before


async def test_a_replayed_grant_with_a_token_of_the_past_changes_nothing(grants: GrantDesk) -> None:
    account = grants.platform.open()
    await grants.add()
    old = account.granted()
    await grants.post(account.granted())
    before = grants.everything()
    assert (await grants.post(old)).status == 200
    assert grants.everything() == before


def _of_another_client(account: Account) -> bytes:
    return account.granted().replace(b"hub-of-tests", b"somebody-else")


BAD: dict[str, Callable[[Account], bytes]] = {
    "an unknown store": lambda account: account.granted().replace(b'"account": 7', b'"account": 99'),
    "another region": lambda account: account.granted().replace(b'"eu"', b'"us"'),
    "another client": _of_another_client,
    "a forged token": lambda account: account.event("granted", access="forged-token", refresh="forged-token"),
    "no JSON": lambda account: b"{",
    "no members": lambda account: b"{}",
    "a list": lambda account: b"[1]",
    "no text": lambda account: b"\xff\xfe\x00",
    "nothing": lambda account: b"",
    "deep": lambda account: b"[" * 30_000,
    "a member of another type": lambda account: account.event("granted", access=[], refresh={}),
    "a crash": lambda account: account.event("crash", access="hush-hush-token"),
    "a revocation of a store that waits": lambda account: account.event("revoked"),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_is_not_true_changes_nothing_and_is_logged_once(
    grants: GrantDesk, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    account = grants.platform.open()
    await grants.add()
    await grants.connected(grants.platform.open(8))
    before = grants.everything()
    for _ in range(3):
        with suppress(*([PluginError] if what in ("a crash", "deep") else [])):  # which the route answers
            assert (await grants.post(BAD[what](account))).status == 200
    assert grants.everything() == before
    lines = [each for each in caplog.records if each.name == "hub_core.services" and each.levelno >= logging.WARNING]
    assert len(lines) <= 1
    assert "hush" not in caplog.text
    assert "forged-token" not in caplog.text


async def test_ten_thousand_in_a_row_make_one_line_and_no_row(
    grants: GrantDesk, caplog: pytest.LogCaptureFixture
) -> None:
    account = grants.platform.open()
    await grants.add()
    body = _of_another_client(account)
    before = grants.everything()
    for _ in range(10_000):
        await grants.post(body)
    assert grants.everything() == before
    assert len([each for each in caplog.records if each.levelno >= logging.WARNING]) == 1


@given(st.binary(max_size=300))
@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_posted_changes_nothing(sqlite_grants: GrantDesk, body: bytes) -> None:
    before = sqlite_grants.everything()
    await sqlite_grants.post(body)
    assert sqlite_grants.everything() == before


@pytest.fixture
async def sqlite_grants(sqlite_hub_url: str, clock: VirtualClock) -> AsyncIterator[GrantDesk]:
    async with grant_desk(sqlite_hub_url, clock) as desk:
        await desk.connected(desk.platform.open())
        yield desk


async def test_a_store_that_cannot_be_asked_now_is_asked_again(
    grants: GrantDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = grants.platform.open()
    added = await grants.add()
    body = account.granted()
    before = grants.everything()

    def away(_: Account) -> str:
        raise UnavailableError

    with monkeypatch.context() as closed:
        closed.setattr(Account, "name", property(away, lambda *_: None), raising=False)
        with pytest.raises(UnavailableError):
            await grants.post(body)
    assert grants.everything() == before
    await grants.post(body)
    assert (await grants.hub.integrations.get(added.id)).connection == "connected"


async def test_what_is_missing_for_a_grant_is_said_of_the_integration_that_waits(
    grants: GrantDesk, caplog: pytest.LogCaptureFixture
) -> None:
    account = grants.platform.open(timezone=None)
    added = await grants.add()
    assert (await grants.post(account.granted())).status == 200
    assert "'Grant 7' is not connected by it: The store does not name its time zone" in caplog.text
    await grants.hub.integrations.change(added.id, settings={"timezone": "Europe/Berlin"})
    await grants.post(account.granted())
    assert (await grants.hub.integrations.get(added.id)).connection == "connected"


async def test_a_grant_for_what_another_one_holds_is_taken_by_none_else(grants: GrantDesk) -> None:
    account = grants.platform.open()
    waits = await grants.add(name="Second")
    held = await grants.connected(account)
    await grants.post(account.granted())
    assert (await grants.hub.integrations.get(waits.id)).connection == "awaiting_authorization"
    assert (await grants.hub.integrations.verify(held.id)).key == "eu-7"


async def test_a_revocation_that_is_true_stops_the_integration_and_says_so_once(
    grants: GrantDesk, caplog: pytest.LogCaptureFixture
) -> None:
    account = grants.platform.open()
    integration = await grants.connected(account)
    account.issue()
    for _ in range(2):
        await grants.post(account.event("revoked"))
    stopped = await grants.hub.integrations.get(integration.id)
    assert (stopped.connection, stopped.health.code) == ("needs_reauthorization", "needs_reauthorization")
    assert "taken back the hub's access" in stopped.health.sentence
    assert stopped.health.sentence.endswith("Run: hub integrations reauthorise 'Grant 7'")
    assert stopped.flows["orders"].next_run_at is None  # type: ignore[index]
    assert len(await told(grants.hub, "integration.needs_reauthorization")) == 1
    assert len([each for each in caplog.records if "is stopped" in each.getMessage()]) == 1


async def test_a_revocation_that_comes_when_the_credentials_have_expired_is_not_true_for_that(
    grants: GrantDesk, clock: VirtualClock
) -> None:
    account = grants.platform.open()
    integration = await grants.connected(account)
    clock.advance(LIFE.total_seconds())
    await grants.post(account.event("revoked"))
    assert (await grants.hub.integrations.get(integration.id)).connection == "connected"
    account.issue()
    await grants.post(account.event("revoked"))
    assert (await grants.hub.integrations.get(integration.id)).connection == "needs_reauthorization"


async def test_a_revocation_that_is_not_true_changes_nothing(grants: GrantDesk) -> None:
    account = grants.platform.open()
    integration = await grants.connected(account)
    before = grants.everything()
    await grants.post(account.event("revoked"))
    assert grants.everything() == before
    assert (await grants.hub.sync(integration.id)).state == "succeeded"


async def test_settings_that_the_plugin_no_longer_takes_are_passed_over(
    grants: GrantDesk, hub_url: str, clock: VirtualClock
) -> None:
    account = grants.platform.open()
    broken, added = await grants.add(name="Broken"), await grants.add(name="Sound")
    grants.hub.parts.database.write_now(
        lambda connection: connection.execute(
            integrations.update().where(integrations.c.id == broken.id).values(settings='{"account": "gone"}')
        )
    )
    await grants.post(account.granted())
    assert (await grants.hub.integrations.get(added.id)).connection == "connected"


def test_other_channels_need_none_of_it() -> None:
    registry = ChannelRegistry.load([EntryPoint("grantshop", "tests.grantshop.channel", "hub.channels")])
    assert registry.channel("grantshop").implements("receive_callback")
    assert not toyshop_registry().channel("toyshop").implements("receive_callback")
