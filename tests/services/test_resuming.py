"""A key that is not at hand stops an integration once, and lets it work again when it is back."""

import logging
from dataclasses import replace
from types import MappingProxyType

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import ConflictError, InputError, VaultError
from hub_core.settings import HubSettings
from hub_core.storage.tables import integrations
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import quiet
from tests.hubs import NOW, connected, filled, found, rows, settings, told, toyshop_registry
from tests.toyshop.shop import open_shop

LOST = HubSettings(secret_keys=SecretStr("another-key-of-more-than-32-characters"))


class Keys(BaseModel):
    """Keys of an application."""

    public_key: str = ""
    private_key: SecretStr


def keyed_registry() -> ChannelRegistry:
    registry = toyshop_registry()
    toyshop = registry.channels["toyshop"]
    channel = replace(toyshop, info=toyshop.info.model_copy(update={"application": Keys}))
    return replace(registry, channels=MappingProxyType({"toyshop": channel}))


@pytest.fixture
async def url(hub_url: str) -> str:
    """A database with a connected store, sealed with the key of the tests."""
    async with Hub.open(hub_url, settings=settings(), clock=VirtualClock(NOW), registry=toyshop_registry()) as hub:
        await connected(hub, filled(open_shop("north"), 3))
    return hub_url


async def test_without_its_key_an_integration_is_stopped_once_and_says_why(
    url: str, clock: VirtualClock, registry: ChannelRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    async with Hub.open(url, settings=LOST, clock=clock, registry=registry) as hub:
        before = rows(hub, integrations)
        engine = hub.engine()
        for _ in range(5):
            await quiet(engine)
            clock.advance(1000)
        north = await hub.integrations.get("north")
        assert (north.connection, north.health.state, north.health.code) == (
            "needs_reauthorization",
            "failing",
            "needs_reauthorization",
        )
        assert "Put that key back into HUB_SECRET_KEYS or the key file" in north.health.sentence
        assert north.health.sentence.endswith("Run: hub integrations reauthorise 'north'")
        assert len(await told(hub, "integration.needs_reauthorization")) == 1
        assert len(await hub.runs.page()) == 1
        assert [row["credentials"] for row in rows(hub, integrations)] == [row["credentials"] for row in before]
        with pytest.raises(ConflictError, match="hub integrations reauthorise 'north'"):
            await hub.sync("north")
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert lines[0].startswith("'north' is stopped: The credentials were stored with the key")


async def test_the_next_start_with_the_key_lets_it_work_again_and_nothing_is_lost(
    url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    async with Hub.open(url, settings=LOST, clock=clock, registry=registry) as hub:
        await quiet(hub.engine())
    async with Hub.open(url, settings=LOST, clock=clock, registry=registry) as hub:
        assert (await hub.integrations.get("north")).connection == "needs_reauthorization"
    for _ in range(2):
        async with Hub.open(url, settings=settings(), clock=clock, registry=registry) as hub:
            assert (await hub.integrations.get("north")).connection == "connected"
            await quiet(hub.engine())
            assert len(await found(hub)) == 3
            assert (await hub.integrations.get("north")).health.code == "ok"
            assert await told(hub, "integration.resumed") == [
                {"type": "integration.resumed", "name": "north", "store": "north"}
            ]


async def test_one_that_was_disabled_meanwhile_is_connected_but_stays_silent(
    url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    async with Hub.open(url, settings=LOST, clock=clock, registry=registry) as hub:
        await quiet(hub.engine())
        await hub.integrations.disable("north")
    async with Hub.open(url, settings=settings(), clock=clock, registry=registry) as hub:
        north = await hub.integrations.get("north")
        assert (north.connection, north.health.code) == ("connected", "disabled")
        assert north.flows["orders"].next_run_at is None  # type: ignore[index]


async def test_damaged_credentials_stop_it_until_it_is_authorised_again(
    url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    async with Hub.open(url, settings=settings(), clock=clock, registry=registry) as hub:
        with hub.parts.database.engine.begin() as connection:
            cut = sa.func.substr(integrations.c.credentials, 1, 60)
            connection.execute(sa.update(integrations).values(credentials=cut))
        await quiet(hub.engine())
        assert (await hub.integrations.get("north")).connection == "needs_reauthorization"
    async with Hub.open(url, settings=settings(), clock=clock, registry=registry) as hub:
        assert (await hub.integrations.get("north")).connection == "needs_reauthorization"
        with pytest.raises(VaultError):
            await hub.integrations.verify("north")
        await hub.integrations.authorize("north", {"password": "sesame"})
        assert (await hub.sync("north")).state == "succeeded"


async def test_a_verification_lets_it_work_again_that_the_store_had_refused(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 3)
    await connected(hub, shop)
    shop.password = "changed"
    await hub.sync("north")
    assert (await hub.integrations.get("north")).connection == "needs_reauthorization"
    shop.password = "sesame"
    await hub.integrations.verify("north")
    assert (await hub.integrations.get("north")).connection == "connected"
    assert (await hub.sync("north")).state == "succeeded"
    await hub.integrations.verify("north")
    assert len(await told(hub, "integration.resumed")) == 1


async def test_a_verification_that_the_store_refuses_leaves_it_stopped(hub: Hub) -> None:
    shop = open_shop("north")
    await connected(hub, shop)
    shop.password = "changed"
    await hub.sync("north")
    await hub.integrations.authorize("north", {"password": "changed"})
    shop.password = "again"
    await hub.sync("north")
    with pytest.raises(Exception, match="does not know this password"):
        await hub.integrations.verify("north")
    assert (await hub.integrations.get("north")).connection == "needs_reauthorization"


async def test_application_keys_that_cannot_be_read_stop_it_and_setting_them_anew_helps(
    hub_url: str, clock: VirtualClock
) -> None:
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=keyed_registry()) as hub:
        await hub.applications.set("toyshop", {"public_key": "mine", "private_key": "hush"})
    both = HubSettings(secret_keys=LOST.secret_keys)
    async with Hub.open(hub_url, settings=both, clock=clock, registry=toyshop_registry()) as hub:
        await connected(hub, filled(open_shop("north"), 3))
    async with Hub.open(hub_url, settings=both, clock=clock, registry=keyed_registry()) as hub:
        await quiet(hub.engine())
        north = await hub.integrations.get("north")
        assert north.connection == "needs_reauthorization"
        assert "The application keys of 'toyshop' cannot be read" in north.health.sentence
        with pytest.raises(InputError, match="private_key: is missing"):
            await hub.applications.set("toyshop", {"public_key": "other"})
        await hub.applications.set("toyshop", {"private_key": "hush-hush"})
        assert await hub.applications.stored("toyshop") == {"public_key": "", "private_key": "hush-hush"}
        assert (await hub.integrations.get("north")).connection == "connected"
        assert (await hub.sync("north")).state == "succeeded"
