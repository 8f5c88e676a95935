"""Sealing everything anew with another key."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import AuthorizationError, VaultError
from hub_core.services.handles import Handles
from hub_core.services.keys import Rotation
from hub_core.services.renewal import Renewal
from hub_core.settings import HubSettings
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.storage.seals import Seal, SealRepository, of_application, of_integration
from hub_core.storage.tables import applications, integrations
from hub_core.storage.vault import Vault
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, filled, rows, toyshop_registry
from tests.toyshop.channel import ToyCredentials
from tests.toyshop.shop import open_shop

OLD, NEW, OTHER = (f"{name}-key-of-more-than-32-characters" for name in ("old", "new", "other"))
NORTH = integrations.c.name == "north"
NAMES = ("north", "south", "east", "west")


@asynccontextmanager
async def hub_with(url: str, *keys: str) -> AsyncIterator[Hub]:
    settings = HubSettings(secret_keys=SecretStr(",".join(keys)))
    async with Hub.open(url, settings=settings, clock=VirtualClock(NOW), registry=toyshop_registry()) as hub:
        yield hub


def seal_keys(hub: Hub, channel: str, sealed: str) -> None:
    with hub.parts.database.engine.begin() as connection:
        connection.execute(sa.insert(applications).values(channel=channel, document=sealed, changed_at=NOW))


def tokens(hub: Hub) -> list[str]:
    sealed = [row["document"] for row in rows(hub, applications)] + [
        row["credentials"] for row in rows(hub, integrations)
    ]
    return [each for each in sealed if each is not None]


@pytest.fixture
async def sealed_url(hub_url: str) -> str:
    """A database with four stores and the keys of an application, all sealed with the old key."""
    async with hub_with(hub_url, OLD) as hub:
        for name in NAMES:
            await connected(hub, filled(open_shop(name), 1))
        seal_keys(hub, "keyshop", Vault([OLD]).encrypt("{}", of_application("keyshop")))
        removed = await connected(hub, open_shop("gone"))
        await hub.integrations.remove(removed.id)
    return hub_url


async def test_everything_is_sealed_anew_with_the_first_key_and_works_without_the_old_one(sealed_url: str) -> None:
    async with hub_with(sealed_url, NEW, OLD) as hub:
        assert await hub.keys.rotate() == Rotation(anew=5, already=0, unreadable=())
        assert await hub.keys.rotate() == Rotation(anew=0, already=5, unreadable=())
    async with hub_with(sealed_url, NEW) as hub:
        for name in NAMES:
            assert (await hub.sync(name)).state == "succeeded"


async def test_a_rotation_with_nothing_to_do_writes_nothing(sealed_url: str) -> None:
    async with hub_with(sealed_url, OLD) as hub:
        before = tokens(hub)
        assert await hub.keys.rotate() == Rotation(anew=0, already=5, unreadable=())
        assert tokens(hub) == before


async def test_what_no_key_opens_is_named_and_left_alone_and_the_rest_goes_on(sealed_url: str) -> None:
    async with hub_with(sealed_url, NEW, OLD) as hub:
        lost = Vault([OTHER]).encrypt("{}", of_integration(1))
        with hub.parts.database.engine.begin() as connection:
            connection.execute(sa.update(integrations).where(NORTH).values(credentials=lost))
        rotation = await hub.keys.rotate()
        assert (rotation.anew, rotation.already) == (4, 0)
        (unreadable,) = rotation.unreadable
        assert unreadable.name == "the credentials of 'north'"
        assert "which is not at hand" in unreadable.sentence
        assert lost in tokens(hub)


async def test_credentials_copied_to_another_integration_are_not_sealed_for_it(sealed_url: str) -> None:
    async with hub_with(sealed_url, NEW, OLD) as hub:
        south = integrations.c.name == "south"
        copied = sa.select(integrations.c.credentials).where(NORTH).scalar_subquery()
        with hub.parts.database.engine.begin() as connection:
            connection.execute(sa.update(integrations).where(south).values(credentials=copied))
        rotation = await hub.keys.rotate()
        assert [one.name for one in rotation.unreadable] == ["the credentials of 'south'"]
        with pytest.raises(VaultError):
            await hub.integrations.verify("south")


async def test_keys_of_an_application_copied_to_another_channel_do_not_open(sealed_url: str) -> None:
    async with hub_with(sealed_url, OLD) as hub:
        (keys,) = [row["document"] for row in rows(hub, applications)]
        seal_keys(hub, "toyshop", keys)
        with pytest.raises(VaultError, match="hub application set toyshop"):
            await hub.applications.stored("toyshop")


async def test_what_is_stored_anew_during_a_rotation_is_never_overwritten(
    sealed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process, which knows the old key only, lets itself be authorised just before the row is written."""
    north = open_shop("north")
    true_replace = SealRepository.replace
    asked: Iterator[bool] = iter([True])

    def replace(repository: SealRepository, seal: Seal, token: str) -> bool:
        if "north" in seal.name and next(asked, False):
            north.password = "changed"
            changed = Vault([OLD]).encrypt('{"password": "changed"}', seal.owner)
            repository._connection.execute(sa.update(integrations).where(NORTH).values(credentials=changed))
        return true_replace(repository, seal, token)

    monkeypatch.setattr(SealRepository, "replace", replace)
    async with hub_with(sealed_url, NEW, OLD) as hub:
        assert (await hub.keys.rotate()).anew == 5
    async with hub_with(sealed_url, NEW) as hub:
        assert (await hub.integrations.verify("north")).name == "north"


async def test_credentials_that_are_destroyed_meanwhile_stay_destroyed(
    sealed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_replace = SealRepository.replace

    def replace(repository: SealRepository, seal: Seal, token: str) -> bool:
        if "north" in seal.name:
            repository._connection.execute(sa.update(integrations).where(NORTH).values(credentials=None))
        return true_replace(repository, seal, token)

    monkeypatch.setattr(SealRepository, "replace", replace)
    async with hub_with(sealed_url, NEW, OLD) as hub:
        assert (await hub.keys.rotate()).anew == 4
        assert rows(hub, integrations, NORTH)[0]["credentials"] is None


async def test_one_that_others_never_stop_writing_is_told(sealed_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SealRepository, "replace", lambda *_: False)
    async with hub_with(sealed_url, NEW, OLD) as hub:
        rotation = await hub.keys.rotate()
        assert {one.sentence for one in rotation.unreadable} == {"Others keep storing it anew; rotate again."}


async def test_rotations_authorisations_and_runs_at_the_same_time_end_well(sealed_url: str) -> None:
    async with hub_with(sealed_url, NEW, OLD) as one, hub_with(sealed_url, OTHER, NEW, OLD) as other:
        authorised = [one.integrations.authorize(name, {"password": "sesame"}) for name in NAMES]
        await asyncio.gather(one.keys.rotate(), other.keys.rotate(), *authorised, other.sync("east"))
        assert (await other.keys.rotate()).unreadable == ()
        assert (await one.sync("west")).error is not None  # it does not know the newest key
    async with hub_with(sealed_url, OTHER) as hub:
        for name in NAMES:
            assert (await hub.integrations.verify(name)).name == name


async def renewed(hub: Hub, row: IntegrationRow) -> BaseModel:
    """Store fresh credentials for those that were read as *row*, as a renewal does once the platform has answered."""
    channel = hub.channels.channel("toyshop")
    fresh = ToyCredentials(password=SecretStr("fresh"))
    return await Renewal(hub.parts, Handles(hub.parts))._kept(channel, row, fresh)


async def test_credentials_that_are_renewed_during_a_rotation_are_kept_since_the_old_ones_may_be_void(
    sealed_url: str,
) -> None:
    async with hub_with(sealed_url, NEW, OLD) as hub:
        row = hub.parts.database.read_now(lambda connection: IntegrationRepository(connection).named("north"))
        assert row is not None
        assert (await hub.keys.rotate()).anew == 5
        assert await renewed(hub, row) == ToyCredentials(password=SecretStr("fresh"))
        open_shop("north", password="fresh")
        assert (await hub.integrations.verify("north")).name == "north"


async def test_credentials_that_were_authorised_anew_meanwhile_win_over_renewed_ones(sealed_url: str) -> None:
    async with hub_with(sealed_url, NEW, OLD) as hub:
        row = hub.parts.database.read_now(lambda connection: IntegrationRepository(connection).named("north"))
        assert row is not None
        open_shop("north", password="anew")
        await hub.integrations.authorize("north", {"password": "anew"})
        assert await renewed(hub, row) == ToyCredentials(password=SecretStr("anew"))
        assert (await hub.integrations.verify("north")).name == "north"


SLOW = """
import asyncio, sys, time
from hub_core.storage.seals import SealRepository
from tests.services.test_keys import NEW, OLD, hub_with

replace, written = SealRepository.replace, []

def slow(repository, seal, token):
    if len(written) == 2:
        print("two are written", flush=True)
        time.sleep(600)
    written.append(seal)
    return replace(repository, seal, token)

SealRepository.replace = slow

async def main():
    async with hub_with(sys.argv[1], NEW, OLD) as hub:
        await hub.keys.rotate()

asyncio.run(main())
"""


async def test_a_rotation_that_is_killed_half_way_is_gone_on_with_by_the_next(sealed_url: str) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", SLOW, sealed_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "two are written\n"
        child.kill()
    async with hub_with(sealed_url, NEW, OLD) as hub:
        first = [Vault([NEW]).seals_with_first(token) for token in tokens(hub)]
        assert sorted(first) == [False, False, False, True, True]
        assert await hub.keys.rotate() == Rotation(anew=3, already=2, unreadable=())
        for name in NAMES:
            assert (await hub.integrations.verify(name)).name == name


@given(first=st.integers(), second=st.integers(), channel=st.text(), other=st.text())
def test_no_two_owners_are_named_alike(first: int, second: int, channel: str, other: str) -> None:
    assert (of_integration(first) == of_integration(second)) is (first == second)
    assert (of_application(channel) == of_application(other)) is (channel == other)
    assert of_integration(first) != of_application(channel)


async def test_a_database_without_secrets_has_nothing_to_rotate(hub: Hub, registry: ChannelRegistry) -> None:
    assert await hub.keys.rotate() == Rotation(anew=0, already=0, unreadable=())
    with pytest.raises(AuthorizationError):
        await hub.integrations.verify((await hub.integrations.add("toyshop", name="N", settings={"shop": "n"})).id)
