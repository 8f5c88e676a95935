"""Channels through the API."""

import base64

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from hub_core.channels.channel import Channel
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.channels import CONTRACT_VERSION, ChannelFault, ChannelInfo
from tests.web.conftest import BROKEN, TOYSHOP


@pytest.fixture
def registry() -> ChannelRegistry:
    return ChannelRegistry.load([TOYSHOP, BROKEN])


async def test_a_channel_says_what_it_is_and_what_it_needs(api: httpx.AsyncClient) -> None:
    (channel,) = (await api.get("/channels")).json()["items"]
    assert (channel["key"], channel["company"], channel["capabilities"]) == ("toyshop", "Toy Shop", ["orders"])
    assert channel["settings_schema"]["required"] == ["shop"]
    assert channel["credentials_schema"]["properties"]["password"]["writeOnly"] is True
    assert channel["application_schema"] is None
    assert (channel["logo_url"], channel["grade"], channel["faults"]) == (None, None, [])


async def test_a_plugin_that_cannot_be_used_is_listed_with_the_reason(api: httpx.AsyncClient) -> None:
    (fault,) = (await api.get("/channels")).json()["faulty"]
    assert fault["key"] == "broken"
    assert "cannot be imported" in fault["reason"]


async def test_a_channel_without_application_keys_takes_none(api: httpx.AsyncClient) -> None:
    answer = await api.put("/channels/toyshop/application", json={"public_key": "p"})
    assert answer.status_code == 422
    assert "needs no application keys" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["nosuch", "broken"])
async def test_a_channel_that_is_not_there_is_not_found(api: httpx.AsyncClient, key: str) -> None:
    assert (await api.get(f"/channels/{key}/application")).status_code == 404
    assert (await api.put(f"/channels/{key}/application", json={})).status_code == 404


class Keys(BaseModel):
    public_key: str
    private_key: SecretStr


class Nothing(BaseModel):
    pass


class TestOfAPlatformWithKeys:
    @pytest.fixture
    def registry(self) -> ChannelRegistry:
        """A channel that needs application keys, and a second plugin that claims its name."""
        info = ChannelInfo(
            key="keyed",
            company="Keyed",
            description="",
            contract_version=CONTRACT_VERSION,
            settings=Nothing,
            credentials=Nothing,
            application=Keys,
            logo_svg="<svg/>",
        )
        channel = Channel(info=info, distribution="hub-channel-keyed", version="1.0", hooks={})
        fault = ChannelFault(key="keyed", distribution="other", reason="The name is taken.")
        return ChannelRegistry(channels={"keyed": channel}, faults=(fault,))

    async def test_the_logo_can_be_shown_without_another_request(self, api: httpx.AsyncClient) -> None:
        (channel,) = (await api.get("/channels")).json()["items"]
        kind, _, encoded = channel["logo_url"].partition(",")
        assert (kind, base64.b64decode(encoded)) == ("data:image/svg+xml;base64", b"<svg/>")

    async def test_a_plugin_that_claims_the_same_key_is_a_fault_of_the_channel(self, api: httpx.AsyncClient) -> None:
        (channel,) = (await api.get("/channels")).json()["items"]
        assert channel["faults"] == ["The name is taken."]

    async def test_keys_are_set_one_by_one_and_the_secret_ones_never_shown(self, api: httpx.AsyncClient) -> None:
        keys = {"public_key": "p-1", "private_key": "k-1"}
        first = await api.put("/channels/keyed/application", json=keys)
        second = await api.put("/channels/keyed/application", json={"public_key": "p-2"})
        assert (first.status_code, second.status_code) == (204, 204)
        assert (await api.get("/channels/keyed/application")).json() == {
            "public_key": "p-2",
            "callback_url": "http://127.0.0.1:8000/authorizations/keyed",
            "return_url": "http://127.0.0.1:8000/authorizations/keyed",
        }

    @pytest.mark.parametrize("keys", [{"public_key": "p"}, {"public_key": 7, "private_key": "k-1"}, ["k-1"], "k-1"])
    async def test_keys_that_cannot_be_used_are_refused_without_repeating_them(
        self, api: httpx.AsyncClient, keys: object
    ) -> None:
        answer = await api.put("/channels/keyed/application", json=keys)
        assert answer.status_code == 422
        assert "k-1" not in answer.text
        assert (await api.get("/channels/keyed/application")).json().keys() == {"callback_url", "return_url"}
