"""Tokens that expire: renewed before they do, by one at a time, and once where a store refuses them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from hub_core import Hub
from hub_core.domain.errors import AuthorizationError
from hub_core.storage.tables import integrations, renewals
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import quiet
from tests.grantshop.desk import GrantDesk, grant_desk, grantshop_registry
from tests.grantshop.platform import LIFE, Account
from tests.hubs import filled, found, rows, settings, told


@pytest.fixture
async def grants(hub_url: str, clock: VirtualClock) -> AsyncIterator[GrantDesk]:
    async with grant_desk(hub_url, clock) as desk:
        yield desk


@pytest.fixture
def account(grants: GrantDesk) -> Account:
    return grants.platform.open()


def sealed(grants: GrantDesk) -> str:
    (row,) = rows(grants.hub, integrations)
    return str(row["credentials"])


async def test_a_token_is_renewed_shortly_before_it_expires_and_not_earlier(
    grants: GrantDesk, account: Account, clock: VirtualClock
) -> None:
    integration = await grants.connected(account)
    clock.advance((LIFE - timedelta(minutes=3)).total_seconds())
    assert (await grants.hub.sync(integration.id)).state == "succeeded"
    assert account.renewals == 0
    clock.advance(90)
    assert (await grants.hub.sync(integration.id)).state == "succeeded"
    assert account.renewals == 1


async def test_days_of_polls_go_by_without_anybody_doing_anything(
    grants: GrantDesk, account: Account, clock: VirtualClock
) -> None:
    integration = await grants.connected(filled(account, 3))  # type: ignore[arg-type]
    engine = grants.hub.engine()
    for _ in range(6):
        clock.advance(3000)
        await quiet(engine)
    shown = await grants.hub.integrations.get(integration.id)
    assert (shown.connection, shown.health.code) == ("connected", "ok")
    assert len(await found(grants.hub)) == 3
    assert account.renewals >= 2
    assert await told(grants.hub, "integration.needs_reauthorization") == []


async def test_fresh_tokens_are_stored_before_they_are_used(
    grants: GrantDesk, account: Account, clock: VirtualClock
) -> None:
    integration = await grants.connected(account)
    before, seen = sealed(grants), []
    account.before_page = lambda *_: seen.append(sealed(grants))
    clock.advance(LIFE.total_seconds())
    await grants.hub.sync(integration.id)
    assert account.renewals == 1
    assert seen
    assert before not in seen


async def test_a_token_that_is_refused_before_its_time_is_renewed_once_and_the_run_goes_on(
    grants: GrantDesk, account: Account
) -> None:
    integration = await grants.connected(filled(account, 3))  # type: ignore[arg-type]
    account.access = "withdrawn"
    run = await grants.hub.sync(integration.id)
    assert (run.state, run.counts.created) == ("succeeded", 3)
    assert account.renewals == 1
    assert (await grants.hub.integrations.get(integration.id)).connection == "connected"


async def test_in_the_midst_of_a_read_nothing_is_read_twice_or_lost(grants: GrantDesk, account: Account) -> None:
    account.page_size = 1
    integration = await grants.connected(filled(account, 5))  # type: ignore[arg-type]

    def withdraw(shop: object, start: int) -> None:
        if start == 3 and account.renewals == 0:
            account.access = "withdrawn"

    account.before_page = withdraw
    assert (await grants.hub.sync(integration.id)).state == "succeeded"
    assert len(await found(grants.hub)) == 5
    assert account.renewals == 1


async def test_a_store_that_refuses_fresh_tokens_as_well_stops_the_integration(
    grants: GrantDesk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = await grants.connected(account)

    def issue(self: Account) -> tuple[str, str]:
        self.made += 1
        self.refresh = f"refresh-{self.made}"
        return "never right", self.refresh

    monkeypatch.setattr(Account, "issue", issue)
    account.access = "withdrawn"
    run = await grants.hub.sync(integration.id)
    assert run.error is not None
    assert run.error.code == "needs_reauthorization"
    assert account.renewals == 1
    assert (await grants.hub.integrations.get(integration.id)).connection == "needs_reauthorization"
    assert len(await told(grants.hub, "integration.needs_reauthorization")) == 1


@pytest.mark.parametrize("when", ["expired", "refused"])
async def test_what_the_platform_renews_no_more_stops_the_integration_with_its_reason(
    grants: GrantDesk, account: Account, clock: VirtualClock, when: str
) -> None:
    integration = await grants.connected(account)
    account.renews = False
    if when == "expired":
        clock.advance(LIFE.total_seconds())
    else:
        account.access = "withdrawn"
    await grants.hub.sync(integration.id)
    stopped = await grants.hub.integrations.get(integration.id)
    assert stopped.connection == "needs_reauthorization"
    assert "renews these tokens no more" in stopped.health.sentence
    assert len(await told(grants.hub, "integration.needs_reauthorization")) == 1
    account.renews = True
    again = await grants.come_back(state=await grants.begin(integration.id), code=account.code())
    assert again.connection == "connected"
    assert (await grants.hub.sync(integration.id)).state == "succeeded"


async def test_a_verification_renews_what_it_needs(grants: GrantDesk, account: Account, clock: VirtualClock) -> None:
    integration = await grants.connected(account)
    clock.advance(LIFE.total_seconds())
    assert (await grants.hub.integrations.verify(integration.id)).key == "eu-7"
    account.access = "withdrawn"
    assert (await grants.hub.integrations.verify(integration.id)).key == "eu-7"
    assert account.renewals == 2
    account.access = "withdrawn again"
    with pytest.raises(AuthorizationError, match="does not accept this token"):
        await grants.hub.integrations.verify(integration.id)
    assert account.renewals == 2


async def test_only_one_process_renews_and_the_others_use_what_it_got(
    grants: GrantDesk, account: Account, hub_url: str
) -> None:
    integration = await grants.connected(account)
    started, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        started.set()
        await go_on.wait()

    account.before_renewal = wait
    grants.clock.advance(LIFE.total_seconds())
    async with Hub.open(hub_url, settings=settings(), clock=grants.clock, registry=grantshop_registry()) as other:
        first = asyncio.create_task(grants.hub.integrations.verify(integration.id))
        await started.wait()
        second = asyncio.create_task(other.integrations.verify(integration.id))
        await grants.clock.asleep()
        go_on.set()
        assert (await first).key == "eu-7"
        grants.clock.advance(1)
        assert (await second).key == "eu-7"
    assert account.renewals == 1


async def test_a_turn_that_was_never_given_back_is_over_some_time(
    grants: GrantDesk, account: Account, clock: VirtualClock
) -> None:
    integration = await grants.connected(account)
    clock.advance(LIFE.total_seconds())
    row = {"integration_id": integration.id, "owner": "a dead process", "until": clock.now() + timedelta(seconds=90)}
    grants.hub.parts.database.write_now(lambda connection: connection.execute(renewals.insert().values(row)))
    verifying = asyncio.create_task(grants.hub.integrations.verify(integration.id))
    await clock.asleep()
    assert account.renewals == 0
    clock.advance(91)
    await verifying
    assert account.renewals == 1


async def test_who_is_cancelled_meanwhile_loses_no_token(grants: GrantDesk, account: Account) -> None:
    integration = await grants.connected(account)
    started, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        started.set()
        await go_on.wait()

    account.before_renewal = wait
    grants.clock.advance(LIFE.total_seconds())
    before = sealed(grants)
    verifying = asyncio.create_task(grants.hub.integrations.verify(integration.id))
    await started.wait()
    verifying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await verifying
    go_on.set()
    await asyncio.gather(*grants.hub.integrations._handles.renewal._running)
    assert sealed(grants) != before
    account.before_renewal = None
    assert (await grants.hub.integrations.verify(integration.id)).key == "eu-7"
    assert account.renewals == 1


async def test_a_new_authorisation_meanwhile_is_not_overwritten(grants: GrantDesk, account: Account) -> None:
    integration = await grants.connected(account)

    async def authorise() -> None:
        account.before_renewal = None
        await grants.come_back(state=await grants.begin(integration.id), code=account.code())
        account.refresh = "refresh-7-0001"

    account.before_renewal = authorise
    grants.clock.advance(LIFE.total_seconds())
    verifying = grants.hub.integrations.verify(integration.id)
    with pytest.raises(AuthorizationError):  # the platform has made those void that the merchant got meanwhile
        await verifying
    kept = grants.hub.parts.vault.decrypt(sealed(grants), f"integration:{integration.id}:credentials")
    assert "access-7-0002" in kept


@pytest.mark.parametrize("deed", ["disable", "remove"])
async def test_a_deed_that_stops_the_hub_waits_for_no_renewal(grants: GrantDesk, account: Account, deed: str) -> None:
    integration = await grants.connected(account)
    account.before_renewal = asyncio.Event().wait  # type: ignore[assignment] # which never comes
    grants.clock.advance(LIFE.total_seconds())
    await getattr(grants.hub.integrations, deed)(integration.id)
    assert account.heard == ["added", f"{deed}d"]
    assert account.renewals == 0


async def test_a_disabled_integration_asks_for_nothing(grants: GrantDesk, account: Account) -> None:
    integration = await grants.connected(account)
    await grants.hub.integrations.disable(integration.id)
    grants.clock.advance(LIFE.total_seconds())
    await quiet(grants.hub.engine())
    assert account.renewals == 0
