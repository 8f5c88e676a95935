"""The hub operator's own keys with a platform."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType

import pytest
from pydantic import BaseModel, Field, SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import InputError, NotFoundError
from hub_core.services.handles import Handles
from hub_core.storage.tables import applications
from hub_core.testing.clock import VirtualClock
from tests.hubs import rows, settings


class Keys(BaseModel):
    """Keys of an application."""

    public_key: str = Field(pattern="^[a-f0-9]+$")
    private_key: SecretStr


@pytest.fixture
async def keyed(hub_url: str, clock: VirtualClock, registry: ChannelRegistry) -> AsyncIterator[Hub]:
    """A hub whose channel needs keys."""
    toyshop = registry.channels["toyshop"]
    channel = replace(toyshop, info=toyshop.info.model_copy(update={"application": Keys}))
    channels = replace(registry, channels=MappingProxyType({"toyshop": channel}))
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=channels) as hub:
        yield hub


async def test_keys_are_sealed_and_only_those_that_are_no_secrets_are_shown(keyed: Hub) -> None:
    await keyed.applications.set("toyshop", {"public_key": "abc", "private_key": "hush-hush"})
    assert await keyed.applications.get("toyshop") == {"public_key": "abc"}
    assert "hush" not in str(rows(keyed, applications))


async def test_keys_that_are_not_named_stay(keyed: Hub) -> None:
    await keyed.applications.set("toyshop", {"public_key": "abc", "private_key": "hush-hush"})
    await keyed.applications.set("toyshop", {"public_key": "def"})
    assert await keyed.applications.stored("toyshop") == {"public_key": "def", "private_key": "hush-hush"}


@pytest.mark.parametrize(
    ("values", "field"),
    [({"public_key": "abc"}, "private_key"), ({"public_key": "?", "private_key": "h"}, "public_key")],
)
async def test_keys_that_cannot_be_used_are_told_by_field_and_not_kept(
    keyed: Hub, values: dict[str, str], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        await keyed.applications.set("toyshop", values)
    assert list(caught.value.fields) == [field]
    assert rows(keyed, applications) == []


async def test_without_keys_there_is_nothing_to_show(keyed: Hub) -> None:
    assert await keyed.applications.get("toyshop") == {}


async def test_the_channel_gets_its_keys(keyed: Hub) -> None:
    handles, channel = Handles(keyed.parts), keyed.channels.channel("toyshop")
    assert await handles.application_of(channel) is None
    await keyed.applications.set("toyshop", {"public_key": "abc", "private_key": "hush-hush"})
    keys = await handles.application_of(channel)
    assert isinstance(keys, Keys)
    assert keys.private_key.get_secret_value() == "hush-hush"


async def test_a_channel_without_keys_says_that_it_needs_none(hub: Hub) -> None:
    for act in (hub.applications.get("toyshop"), hub.applications.set("toyshop", {})):
        with pytest.raises(InputError, match="needs no application keys"):
            await act
    with pytest.raises(NotFoundError):
        await hub.applications.get("bookshop")
