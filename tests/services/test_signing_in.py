"""Signing in at a platform that sends the merchant back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from hub_core.domain.errors import AuthorizationError, ConflictError, InputError, NotFoundError
from hub_core.storage.tables import authorizations, integrations
from hub_core.testing.clock import VirtualClock
from tests.grantshop.desk import GrantDesk, grant_desk
from tests.hubs import NOW, rows, told


@pytest.fixture
async def grants(hub_url: str, clock: VirtualClock) -> AsyncIterator[GrantDesk]:
    async with grant_desk(hub_url, clock) as desk:
        yield desk


async def test_who_signs_in_and_comes_back_is_connected(grants: GrantDesk) -> None:
    account = grants.platform.open()
    added = await grants.add()
    start = await grants.hub.integrations.begin_authorization(added.id, by="cli")
    assert (start.method, start.instructions) == ("redirect", ("Sign in.", "Say yes."))
    assert start.return_url == "http://127.0.0.1:8000/authorizations/grantshop"
    assert start.expires_at == NOW + timedelta(minutes=15)
    assert await grants.hub.integrations.is_begun(added.id)
    back = await grants.come_back(state=await grants.begin(added.id), code=account.code())
    assert (back.id, back.connection, back.store and back.store.key) == (added.id, "connected", "eu-7")
    assert not await grants.hub.integrations.is_begun(added.id)
    assert (await grants.hub.sync(added.id)).state == "succeeded"


async def test_of_a_state_only_a_hash_is_kept_with_who_began_and_for_what(grants: GrantDesk) -> None:
    added = await grants.add()
    state = await grants.begin(added.id, by="token till")
    (row,) = rows(grants.hub, authorizations)
    assert (row["integration_id"], row["channel"], row["begun_by"]) == (added.id, "grantshop", "token till")
    assert (row["created_at"], row["expires_at"]) == (NOW, NOW + timedelta(minutes=15))
    assert len(state) >= 43
    assert state not in repr(row)


async def test_each_state_is_another_one_and_ends_the_one_before(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    first, second = await grants.begin(added.id), await grants.begin(added.id)
    assert first != second
    with pytest.raises(InputError, match="begin the authorisation once more"):
        await grants.come_back(state=first, code=account.code())
    assert (await grants.come_back(state=second, code=account.code())).connection == "connected"


async def test_a_state_counts_once_whatever_came_of_it(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    state = await grants.begin(added.id)
    with pytest.raises(AuthorizationError, match="The platform said: access denied"):
        await grants.come_back(state=state, error="access denied")
    with pytest.raises(InputError, match="begin the authorisation once more"):
        await grants.come_back(state=state, code=account.code())
    assert (await grants.hub.integrations.get(added.id)).connection == "awaiting_authorization"


async def test_of_two_who_come_back_at_once_only_one_goes_on(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    state = await grants.begin(added.id)
    codes = [account.code(), account.code()]
    both = await asyncio.gather(*(grants.come_back(state=state, code=code) for code in codes), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["InputError", "Integration"]


async def test_a_state_expires(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    state = await grants.begin(added.id)
    grants.clock.advance(15 * 60)
    before = grants.everything()
    with pytest.raises(InputError, match="has expired"):
        await grants.come_back(state=state, code=account.code())
    assert grants.everything() == before


@pytest.mark.parametrize("state", ["", "made-up", "x" * 5000, "\ud800", "\x00"])
async def test_a_state_that_was_made_up_changes_nothing(grants: GrantDesk, state: str) -> None:
    account, added = grants.platform.open(), await grants.add()
    await grants.begin(added.id)
    before = grants.everything(), rows(grants.hub, authorizations)
    with pytest.raises(InputError):
        await grants.come_back(state=state, code=account.code())
    assert (grants.everything(), rows(grants.hub, authorizations)) == before


async def test_a_state_is_for_its_channel_and_for_whom_began_it(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    state = await grants.begin(added.id, by="token one")
    answer = {"state": state, "code": account.code()}
    with pytest.raises(InputError, match="Somebody else"):
        await grants.hub.integrations.complete_authorization("grantshop", answer, by="token two")
    with pytest.raises(NotFoundError):
        await grants.hub.integrations.complete_authorization("other", answer)
    grants.hub.parts.database.write_now(
        lambda connection: connection.execute(update(authorizations).values(channel="other"))
    )
    with pytest.raises(InputError):
        await grants.come_back(**answer)
    assert (await grants.hub.integrations.get(added.id)).connection == "awaiting_authorization"


async def test_one_that_was_removed_meanwhile_is_not_connected(grants: GrantDesk) -> None:
    account, added = grants.platform.open(), await grants.add()
    state = await grants.begin(added.id)
    await grants.hub.integrations.remove(added.id)
    with pytest.raises((InputError, ConflictError)):
        await grants.come_back(state=state, code=account.code())
    assert rows(grants.hub, integrations) == []


async def test_another_s_store_is_refused_with_both_names(grants: GrantDesk) -> None:
    account = grants.platform.open()
    again = await grants.add(name="Second")
    await grants.connected(account)
    with pytest.raises(ConflictError, match="is connected already, as 'Grant 7'"):
        await grants.add(name="Third")
    state = await grants.begin(again.id)
    before = grants.everything()
    with pytest.raises(ConflictError, match="The store 'account 7' is connected already, as 'Grant 7'"):
        await grants.come_back(state=state, code=account.code())
    assert grants.everything() == before


async def test_ten_thousand_forged_ones_make_one_line_and_no_row(
    grants: GrantDesk, caplog: pytest.LogCaptureFixture
) -> None:
    grants.platform.open()
    await grants.begin((await grants.add()).id)
    before = grants.everything(), rows(grants.hub, authorizations)
    for number in range(10_000):
        with pytest.raises(InputError):
            await grants.come_back(state=f"forged-{number}", code="x")
    assert (grants.everything(), rows(grants.hub, authorizations)) == before
    lines = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(lines) == 1
    grants.clock.advance(60)
    with pytest.raises(InputError):
        await grants.come_back(state="forged", code="x")
    assert caplog.records[-1].getMessage().endswith("(9999 more like this since the last line.)")


async def test_a_reauthorisation_lets_the_flows_go_on(grants: GrantDesk) -> None:
    account = grants.platform.open()
    integration = await grants.connected(account)
    account.issue()
    account.renews = False
    assert (await grants.hub.sync(integration.id)).state == "failed"
    stopped = await grants.hub.integrations.get(integration.id)
    assert (stopped.connection, stopped.health.code) == ("needs_reauthorization", "needs_reauthorization")
    again = await grants.come_back(state=await grants.begin(integration.id), code=account.code())
    assert again.connection == "connected"
    assert (await grants.hub.sync(integration.id)).state == "succeeded"
    assert [each["type"] for each in await told(grants.hub)][-1] == "integration.reauthorized"
