"""An integration whose stored settings a newer version of the plugin refuses."""

import json

from hub_core import Hub
from hub_core.domain.lifecycle import Presence
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.tables import integrations
from tests.hubs import connected, rows
from tests.toyshop.shop import open_shop


async def outdated(hub: Hub) -> int:
    """Connect a shop, and put settings in the place of its own that the plugin does not take."""
    integration = await connected(hub, open_shop("north"))
    settings = {"shop": "NORTH", "colour": "red"}
    hub.parts.database.write_now(lambda each: IntegrationRepository(each).change(integration.id, settings=settings))
    return integration.id


async def test_it_stays_listed_and_says_what_to_do(hub: Hub) -> None:
    await outdated(hub)
    (shown,) = await hub.integrations.list()
    assert (shown.health.state, shown.health.code) == ("failing", "settings_refused")
    assert "shop: does not have the form that is asked for" in shown.health.sentence
    assert shown.health.sentence.endswith("hub integrations set 'north' --set KEY=VALUE")
    assert (await hub.sync("north")).state == "failed"


async def test_it_is_renamed_switched_and_removed(hub: Hub) -> None:
    integration = await outdated(hub)
    assert (await hub.integrations.rename("north", "South")).name == "South"
    assert not (await hub.integrations.disable("South")).enabled
    assert (await hub.integrations.enable("South")).enabled
    await hub.integrations.remove("South")
    row = hub.parts.database.read_now(lambda connection: IntegrationRepository(connection).get(integration))
    assert row is not None
    assert row.standing.presence is Presence.GONE


async def test_settings_that_the_plugin_takes_mend_it_and_those_it_no_longer_knows_go(hub: Hub) -> None:
    await outdated(hub)
    changed = await hub.integrations.change("north", settings={"shop": "north"})
    assert changed.health.code == "first_read"
    assert json.loads(rows(hub, integrations)[0]["settings"]) == {"shop": "north"}
    assert (await hub.sync("north")).state == "succeeded"
