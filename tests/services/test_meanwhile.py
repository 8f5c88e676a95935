"""What becomes of a change to an integration that somebody else changes meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.errors import ConflictError, InputError
from hub_core.domain.integrations import Integration
from hub_core.storage.tables import flow_state, integrations, searches
from tests.hubs import connected, rows, told
from tests.toyshop.shop import open_shop

Act = Callable[[int], Awaitable[Any]]
RIGHT = {"password": "sesame"}


@pytest.fixture
def meanwhile(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """Lets something happen once: just after the next one has looked at its integration."""
    look = hub.integrations._present

    def arrange(act: Act) -> None:
        async def present(integration: int | str) -> Any:
            row = await look(integration)
            monkeypatch.setattr(hub.integrations, "_present", look)
            await act(row.id)
            return row

        monkeypatch.setattr(hub.integrations, "_present", present)

    return arrange


Meanwhile = Callable[[Act], None]


async def added(hub: Hub, **settings: str) -> int:
    open_shop("north")
    return (await hub.integrations.add("toyshop", name="north", settings={"shop": "north", **settings})).id


async def disabled(hub: Hub) -> int:
    integration = await connected(hub)
    return (await hub.integrations.disable(integration.id)).id


def is_open(hub: Hub) -> bool:
    (row,) = rows(hub, flow_state)
    return bool(row["open"])


async def test_one_that_is_removed_gets_no_new_credentials(hub: Hub, meanwhile: Meanwhile) -> None:
    integration = await connected(hub)
    meanwhile(hub.integrations.remove)
    with pytest.raises(ConflictError, match="'north' was removed; add the store anew"):
        await hub.integrations.authorize(integration.id, RIGHT)
    (row,) = rows(hub, integrations)
    assert (row["credentials"], row["enabled"], is_open(hub)) == (None, False, False)
    assert (await told(hub))[-1]["type"] == "integration.removed"


async def test_one_that_is_erased_is_not_authorised(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    meanwhile(hub.integrations.remove)
    with pytest.raises(ConflictError, match="'north' was removed"):
        await hub.integrations.authorize(number, RIGHT)
    assert (rows(hub, integrations), rows(hub, searches)) == ([], [])


async def test_one_that_is_disabled_stays_so_when_it_is_authorised(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    meanwhile(hub.integrations.disable)
    integration = await hub.integrations.authorize(number, RIGHT)
    assert (integration.connection, integration.enabled, is_open(hub)) == ("connected", False, False)
    await hub.integrations.enable(number)
    assert is_open(hub)


async def test_two_who_authorise_it_at_once_both_succeed(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    meanwhile(lambda integration: hub.integrations.authorize(integration, RIGHT))
    assert (await hub.integrations.authorize(number, RIGHT)).connection == "connected"
    assert [each["type"] for each in await told(hub)][1:] == ["integration.connected", "integration.reauthorized"]
    assert len(rows(hub, searches)) == 6


async def test_credentials_that_were_tried_elsewhere_are_not_kept(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    open_shop("south", password="another")
    meanwhile(lambda integration: hub.integrations.change(integration, settings={"shop": "south"}))
    with pytest.raises(ConflictError, match="authorise it again"):
        await hub.integrations.authorize(number, RIGHT)
    assert [(row["connection"], row["credentials"]) for row in rows(hub, integrations)] == [
        ("awaiting_authorization", None)
    ]


async def test_two_integrations_of_one_store_get_a_conflict_with_the_name(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    other = await hub.integrations.add("toyshop", name="Other", settings={"shop": "north"})
    meanwhile(lambda _: hub.integrations.authorize(number, RIGHT))
    with pytest.raises(ConflictError, match="The store 'north' is connected already, as 'north'"):
        await hub.integrations.authorize(other.id, RIGHT)


async def test_of_two_integrations_that_ask_for_one_store_at_once_one_gets_it(hub: Hub) -> None:
    numbers = [await added(hub)]
    numbers.append((await hub.integrations.add("toyshop", name="Other", settings={"shop": "north"})).id)
    answers = await asyncio.gather(
        *(hub.integrations.authorize(number, RIGHT) for number in numbers), return_exceptions=True
    )
    (refusal,) = (answer for answer in answers if isinstance(answer, BaseException))
    (winner,) = (answer for answer in answers if isinstance(answer, Integration))
    assert isinstance(refusal, ConflictError)
    assert f"connected already, as '{winner.name}'" in str(refusal)


async def test_one_that_is_removed_is_not_enabled(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await disabled(hub)
    meanwhile(hub.integrations.remove)
    with pytest.raises(ConflictError, match="was removed"):
        await hub.integrations.enable(number)
    (row,) = rows(hub, integrations)
    assert (row["enabled"], is_open(hub)) == (False, False)


async def test_one_that_is_authorised_is_opened_by_enabling_it(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    await hub.integrations.disable(number)
    meanwhile(lambda integration: hub.integrations.authorize(integration, RIGHT))
    assert (await hub.integrations.enable(number)).enabled
    assert is_open(hub)


@pytest.mark.parametrize(("how", "before"), [("enable", disabled), ("disable", connected)])
async def test_what_two_do_at_once_is_told_once(
    hub: Hub, meanwhile: Meanwhile, how: str, before: Callable[[Hub], Awaitable[Any]]
) -> None:
    await before(hub)
    act = getattr(hub.integrations, how)
    meanwhile(act)
    await act("north")
    assert len(await told(hub, f"integration.{how}d")) == 1


@pytest.mark.parametrize("how", ["disable", "remove", "verify"])
async def test_with_one_that_is_removed_nothing_more_is_done(hub: Hub, meanwhile: Meanwhile, how: str) -> None:
    integration = await connected(hub)
    meanwhile(hub.integrations.remove)
    with pytest.raises(ConflictError, match="was removed"):
        await getattr(hub.integrations, how)(integration.id)
    assert [each["type"] for each in await told(hub)][2:] == ["integration.removed"]


async def test_one_that_is_removed_is_neither_renamed_nor_changed(hub: Hub, meanwhile: Meanwhile) -> None:
    integration = await connected(hub)
    other = await connected(hub, "south")
    meanwhile(hub.integrations.remove)
    with pytest.raises(ConflictError, match="was removed"):
        await hub.integrations.rename(integration.id, "Another")
    meanwhile(hub.integrations.remove)
    with pytest.raises(ConflictError, match="was removed"):
        await hub.integrations.change(other.id, rules={"order_interval": 99})
    assert [row["name"] for row in rows(hub, integrations)] == ["north", "south"]


async def test_one_that_is_authorised_is_removed_and_not_erased(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    meanwhile(lambda integration: hub.integrations.authorize(integration, RIGHT))
    await hub.integrations.remove(number)
    (row,) = rows(hub, integrations)
    assert (row["removed_at"] is not None, row["credentials"], is_open(hub)) == (True, None, False)


async def test_rules_that_two_change_are_both_kept(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    meanwhile(lambda one: hub.integrations.change(one, rules={"import_since": "2025-01-01T00:00:00Z"}))
    changed = await hub.integrations.change(number, rules={"order_interval": 99})
    assert (changed.rules.order_interval, changed.rules.import_since is None) == (99, False)


async def test_settings_that_two_change_are_both_kept(hub: Hub, meanwhile: Meanwhile) -> None:
    integration = await connected(hub)
    open_shop("north-alias")
    meanwhile(lambda one: hub.integrations.change(one, settings={"shop": "north-alias"}))
    changed = await hub.integrations.change(integration.id, settings={"timezone": "Europe/Berlin"})
    assert changed.settings == {"shop": "north-alias", "timezone": "Europe/Berlin"}


async def test_a_change_of_the_rules_leaves_settings_alone_and_the_other_way_round(
    hub: Hub, meanwhile: Meanwhile
) -> None:
    number = await added(hub)
    meanwhile(lambda one: hub.integrations.change(one, settings={"timezone": "Europe/Berlin"}))
    await hub.integrations.change(number, rules={"order_interval": 99})
    meanwhile(lambda one: hub.integrations.change(one, rules={"order_interval": 88}))
    changed = await hub.integrations.change(number, settings={"timezone": "Asia/Tokyo"})
    assert (changed.settings["timezone"], changed.rules.order_interval) == ("Asia/Tokyo", 88)


async def test_settings_that_were_not_tried_are_refused_once_it_is_authorised(hub: Hub, meanwhile: Meanwhile) -> None:
    number = await added(hub)
    open_shop("south")
    meanwhile(lambda integration: hub.integrations.authorize(integration, RIGHT))
    with pytest.raises(ConflictError, match="was authorised meanwhile; change it again"):
        await hub.integrations.change(number, settings={"shop": "south"})
    assert (await hub.integrations.get(number)).settings == {"shop": "north"}


async def test_many_who_work_on_it_at_once_leave_it_in_one_state(hub: Hub) -> None:
    integration = await connected(hub)
    act = hub.integrations
    work = [
        each
        for _ in range(4)
        for each in (
            act.authorize("north", RIGHT),
            act.disable("north"),
            hub.request_sync(integration.id, ["orders"]),
            act.enable("north"),
            act.change("north", rules={"order_interval": 99}),
        )
    ]
    for ended in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(ended, BaseException) and not isinstance(ended, InputError):
            raise ended
    assert is_open(hub) == (await act.get("north")).enabled
