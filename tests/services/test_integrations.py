"""The life of an integration."""

from typing import Any

import pytest
from sqlalchemy import func, select

from hub_core import Hub
from hub_core.domain.errors import ConflictError, InputError, NotFoundError
from hub_core.storage.tables import flow_state, integrations, runs
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected, filled, found, rows, told
from tests.toyshop.shop import open_shop


async def add(hub: Hub, name: str = "North", **more: Any) -> Any:
    return await hub.integrations.add("toyshop", name=name, **{"settings": {"shop": "north"}, **more})


async def test_a_new_integration_awaits_its_authorisation(hub: Hub) -> None:
    added = await add(hub)
    assert (added.channel, added.company, added.name, added.enabled) == ("toyshop", "Toy Shop", "North", True)
    assert (added.connection, added.store, added.created_at) == ("awaiting_authorization", None, NOW)
    assert (added.health.state, added.health.code) == ("paused", "awaiting_authorization")
    assert await told(hub) == [{"type": "integration.added", "name": "North"}]
    assert await hub.integrations.list() == [added]


async def test_an_integration_is_found_by_its_id_and_by_its_name(hub: Hub) -> None:
    added = await add(hub, "My  Shop ")
    for key in (added.id, str(added.id), "My Shop", "  my   SHOP"):
        assert (await hub.integrations.get(key)).id == added.id


async def test_an_unknown_integration_is_told_together_with_those_that_there_are(hub: Hub) -> None:
    with pytest.raises(NotFoundError, match="None has been added yet"):
        await hub.integrations.get("South")
    await add(hub)
    for key in ("South", "4711", 10**30):
        with pytest.raises(NotFoundError, match=r"There are: 'North'|nothing with so large a number"):
            await hub.integrations.get(key)


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "12", "\u0661\u0662", "two\x00one", "bell\x07"])
async def test_a_name_that_nobody_could_use_is_refused(hub: Hub, name: str) -> None:
    with pytest.raises(InputError) as caught:
        await add(hub, name)
    assert list(caught.value.fields) == ["name"]
    added = await add(hub)
    with pytest.raises(InputError):
        await hub.integrations.rename(added.id, name)
    assert [each.name for each in await hub.integrations.list()] == ["North"]


@pytest.mark.parametrize("name", ["North", "NORTH", " north ", "nOrTh"])
async def test_a_name_can_be_given_only_once_whatever_its_case_and_blanks(hub: Hub, name: str) -> None:
    await add(hub)
    with pytest.raises(ConflictError, match="choose another name") as caught:
        await add(hub, name)
    assert list(caught.value.fields) == ["name"]
    assert len(rows(hub, integrations)) == 1
    assert len(rows(hub, flow_state)) == 1


@pytest.mark.parametrize(
    ("settings", "rules", "field"),
    [
        ({}, {}, "shop"),
        ({"shop": "NO CAPITALS"}, {}, "shop"),
        ({"shop": "north"}, {"order_interval": 1}, "order_interval"),
        ({"shop": "north"}, {"order_interval": "soon"}, "order_interval"),
        ({"shop": "north"}, {"import_since": "2026-01-01T00:00:00"}, "import_since"),
        ({"shop": "north"}, {"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_used_is_told_field_by_field_and_nothing_is_added(
    hub: Hub, settings: dict[str, Any], rules: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        await add(hub, settings=settings, rules=rules)
    assert list(caught.value.fields) == [field]
    assert rows(hub, integrations) == []
    assert await told(hub) == []


async def test_a_channel_that_is_not_installed_is_refused(hub: Hub) -> None:
    with pytest.raises(NotFoundError, match="Installed: toyshop"):
        await hub.integrations.add("bookshop", name="B", settings={})


async def test_integrations_are_listed_newest_first_in_pages(hub: Hub) -> None:
    ids = [(await add(hub, name)).id for name in ("One", "Two", "Three")]
    assert [each.id for each in await hub.integrations.list()] == ids[::-1]
    page = await hub.integrations.page(limit=2)
    rest = await hub.integrations.page(limit=2, before=page[-1].id)
    assert [each.name for each in [*page, *rest]] == ["Three", "Two", "One"]


async def test_a_new_name_is_free_at_once_and_told(hub: Hub) -> None:
    added = await add(hub)
    assert (await hub.integrations.rename("north", "South")).name == "South"
    assert (await hub.integrations.rename(added.id, "SOUTH")).name == "SOUTH"
    assert (await told(hub))[1] == {"type": "integration.renamed", "from": "North", "to": "South"}
    await add(hub, "North")
    with pytest.raises(ConflictError):
        await hub.integrations.rename("North", "south")


async def test_only_the_named_rules_change(hub: Hub) -> None:
    await add(hub, rules={"import_since": "2025-01-01T00:00:00Z"})
    changed = await hub.integrations.change("North", rules={"order_interval": 300})
    assert changed.rules.order_interval == 300
    assert changed.rules.import_since is not None
    assert (await hub.integrations.change("North", rules={"import_since": None})).rules.import_since is None
    assert (await told(hub))[1] == {"type": "integration.changed", "name": "North"}


async def test_only_the_named_settings_change(hub: Hub) -> None:
    await add(hub, settings={"shop": "north", "timezone": "Europe/Berlin"})
    changed = await hub.integrations.change("North", settings={"shop": "south"})
    assert changed.settings == {"shop": "south", "timezone": "Europe/Berlin"}
    with pytest.raises(InputError):
        await hub.integrations.change("North", settings={"shop": "?"})
    assert (await hub.integrations.get("North")).settings == changed.settings


async def test_a_disabled_integration_stops_and_goes_on_from_where_it_was(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 2)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    disabled = await hub.integrations.disable(integration.id)
    assert (disabled.enabled, disabled.health.state, disabled.health.code) == (False, "paused", "disabled")
    with pytest.raises(ConflictError, match="run: hub integrations enable 'north'"):
        await hub.sync(integration.id)
    clock.advance(5 * DAY.total_seconds())
    filled(shop, 3, first=10, placed_at=NOW + DAY)
    enabled = await hub.integrations.enable(integration.id)
    assert (enabled.enabled, enabled.flows["orders"].next_run_at) == (True, clock.now())  # type: ignore[index]
    run = await hub.sync(integration.id)
    assert (run.counts.created, len(await found(hub))) == (3, 5)


async def test_to_disable_or_enable_twice_tells_it_once(hub: Hub) -> None:
    integration = await connected(hub)
    for _ in range(2):
        await hub.integrations.disable(integration.id)
    for _ in range(2):
        await hub.integrations.enable(integration.id)
    types = [each["type"] for each in await told(hub)]
    assert types[2:] == ["integration.disabled", "integration.enabled"]


async def test_to_enable_what_is_not_authorised_opens_nothing(hub: Hub) -> None:
    added = await add(hub)
    await hub.integrations.disable(added.id)
    await hub.integrations.enable(added.id)
    assert [row["open"] for row in rows(hub, flow_state)] == [False]


@pytest.mark.parametrize("how", ["disable", "remove"])
async def test_what_was_asked_for_and_not_begun_is_stopped(hub: Hub, how: str) -> None:
    integration = await connected(hub)
    (run,) = await hub.request_sync(integration.id, ["orders"])
    assert run.state == "queued"
    await getattr(hub.integrations, how)(integration.id)
    assert (await hub.runs.get(run.id)).state == "stopped"


async def test_one_that_never_was_connected_is_erased(hub: Hub) -> None:
    added = await add(hub)
    preview = await hub.integrations.removal(added.id)
    assert (preview.name, preview.orders) == ("North", 0)
    assert "never was connected" in preview.sentence
    await hub.integrations.remove(added.id)
    assert (rows(hub, integrations), rows(hub, flow_state), rows(hub, runs)) == ([], [], [])
    with pytest.raises(NotFoundError):
        await hub.integrations.get(added.id)
    assert [each["type"] for each in await told(hub)] == ["integration.added", "integration.removed"]


async def test_one_that_was_connected_keeps_its_orders_and_loses_its_credentials(hub: Hub) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    await hub.sync(integration.id)
    preview = await hub.integrations.removal("north")
    assert preview.orders == 3
    assert "Its 3 orders stay readable" in preview.sentence
    await hub.integrations.remove("north")
    removed = await hub.integrations.get(integration.id)
    assert (removed.removed_at, removed.health.code) == (NOW, "removed")
    assert len(await found(hub, integration=integration.id)) == 3
    (row,) = rows(hub, integrations)
    assert row["credentials"] is None
    assert [row["open"] for row in rows(hub, flow_state)] == [False]


async def test_a_removed_one_is_listed_apart_and_nothing_can_be_done_with_it(hub: Hub) -> None:
    integration = await connected(hub)
    await hub.integrations.remove(integration.id)
    assert await hub.integrations.list() == []
    assert [each.id for each in await hub.integrations.list(removed=True)] == [integration.id]
    with pytest.raises(NotFoundError):
        await hub.integrations.get("north")
    for act in ("enable", "disable", "remove", "removal", "verify", "begin_authorization"):
        with pytest.raises(ConflictError, match="was removed; add the store anew"):
            await getattr(hub.integrations, act)(integration.id)
    with pytest.raises(ConflictError, match="was removed"):
        await hub.sync(integration.id)


async def test_the_same_store_connected_anew_is_another_integration(hub: Hub) -> None:
    shop = filled(open_shop("north"), 2)
    first = await connected(hub, shop)
    await hub.sync(first.id)
    await hub.integrations.remove(first.id)
    second = await connected(hub, shop)
    await hub.sync(second.id)
    assert second.id > first.id
    assert {order.integration_id for order in await found(hub)} == {first.id, second.id}


async def test_an_id_is_never_given_twice(hub: Hub) -> None:
    first = await add(hub)
    await hub.integrations.remove(first.id)
    assert (await add(hub)).id > first.id
    count = hub.parts.database.read_now(
        lambda connection: connection.execute(select(func.count()).select_from(integrations)).scalar_one()
    )
    assert count == 1
