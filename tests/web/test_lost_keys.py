"""What the API says where a key is not at hand."""

import httpx
from pydantic import SecretStr

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Integration
from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from hub_core.settings import HubSettings
from hub_core.web import create_app


async def test_a_verification_says_that_the_key_is_not_at_hand(
    hub: Hub, connected: Integration, registry: ChannelRegistry
) -> None:
    url = hub.parts.database.url.render_as_string(hide_password=False)
    other = HubSettings(secret_keys=SecretStr("another-key-of-more-than-32-characters"))
    async with Hub.open(url, settings=other, registry=registry, clock=hub.parts.clock) as without_key:
        token = await without_key.tokens.create("mine", Scope.WRITE)
        transport = httpx.ASGITransport(app=create_app(without_key))
        headers = {"Authorization": f"Bearer {token.token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test/api/v1", headers=headers) as api:
            told = (await api.post(f"/integrations/{connected.id}/verification")).json()
            assert (told["ok"], told["problem"]["code"]) == (False, "vault")
            assert "Put that key back into HUB_SECRET_KEYS or the key file" in told["problem"]["sentence"]
            change = {"settings": {"timezone": "Asia/Tokyo"}}
            refused = await api.patch(f"/integrations/{connected.id}", json=change)
            assert (refused.status_code, refused.json()["type"]) == (422, "urn:problem-type:hub:vault")
            assert "Put that key back" in refused.json()["detail"]
