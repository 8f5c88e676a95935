"""Being let in by a store."""

import pytest

from hub_core import Hub
from hub_core.domain.errors import AuthorizationError, ConflictError, InputError, UnavailableError
from hub_core.storage.tables import integrations, searches
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, filled, found, rows, told
from tests.toyshop.shop import Shop, open_shop


async def added(hub: Hub, shop: Shop, name: str = "North", **settings: str) -> int:
    new = await hub.integrations.add("toyshop", name=name, settings={"shop": shop.name, **settings})
    return new.id


def sealed(hub: Hub) -> list[str | None]:
    return [row["credentials"] for row in rows(hub, integrations)]


async def test_right_credentials_connect_the_store(hub: Hub) -> None:
    integration = await hub.integrations.authorize(await added(hub, open_shop("north")), {"password": "sesame"})
    assert integration.connection == "connected"
    assert integration.store is not None
    assert (integration.store.key, integration.store.currency, integration.store.timezone) == ("north", "USD", "UTC")
    assert (integration.health.state, integration.health.code) == ("ok", "first_read")
    assert integration.flows["orders"].next_run_at == NOW  # type: ignore[index]
    assert (await told(hub))[-1] == {"type": "integration.connected", "name": "North", "store": "north"}


async def test_credentials_are_sealed_and_shown_nowhere(hub: Hub) -> None:
    integration = await connected(hub, open_shop("north", password="open-hush-hush"))
    (credentials,) = sealed(hub)
    assert credentials is not None
    assert "hush" not in credentials
    assert "hush" not in integration.model_dump_json()
    assert "hush" not in str(await told(hub))


async def test_what_has_to_be_done_is_told_first(hub: Hub) -> None:
    start = await hub.integrations.begin_authorization(await added(hub, open_shop("north")))
    assert (start.method, start.url) == ("token", None)
    assert start.callback_url == start.return_url == "http://127.0.0.1:8000/authorizations/toyshop"
    assert start.expires_at is None
    assert list(start.fields["properties"]) == ["password"]


async def test_wrong_credentials_are_refused_and_nothing_is_kept(hub: Hub) -> None:
    number = await added(hub, open_shop("north"))
    with pytest.raises(AuthorizationError, match="does not know this password"):
        await hub.integrations.authorize(number, {"password": "wrong"})
    assert (await hub.integrations.get(number)).connection == "awaiting_authorization"
    assert sealed(hub) == [None]


@pytest.mark.parametrize("answer", [{}, {"password": ["hush-hush"]}, {"password": None, "hush-hush": 1}])
async def test_an_answer_of_another_form_is_told_by_field_and_never_repeated(
    hub: Hub, answer: dict[str, object]
) -> None:
    number = await added(hub, open_shop("north"))
    with pytest.raises(InputError) as caught:
        await hub.integrations.authorize(number, answer)
    assert list(caught.value.fields) == ["password"]
    assert "hush" not in f"{caught.value}{caught.value.fields}"


async def test_wrong_new_credentials_leave_the_old_ones_in_force(hub: Hub) -> None:
    integration = await connected(hub, filled(open_shop("north"), 1))
    before = sealed(hub)
    with pytest.raises(AuthorizationError):
        await hub.integrations.authorize(integration.id, {"password": "wrong"})
    assert sealed(hub) == before
    assert (await hub.sync(integration.id)).state == "succeeded"


async def test_a_store_can_be_connected_only_once(hub: Hub) -> None:
    await connected(hub, open_shop("north"))
    again = await added(hub, open_shop("north-alias"), "Second")
    with pytest.raises(ConflictError, match="The store 'north-alias' is connected already, as 'north'"):
        await hub.integrations.authorize(again, {"password": "sesame"})
    assert (await hub.integrations.get(again)).connection == "awaiting_authorization"


async def test_a_removed_store_can_be_connected_again(hub: Hub) -> None:
    first = await connected(hub, open_shop("north"))
    await hub.integrations.remove(first.id)
    assert (await connected(hub, open_shop("north"))).connection == "connected"


async def test_credentials_of_another_store_are_refused_with_both_names(hub: Hub) -> None:
    integration = await connected(hub, open_shop("north"))
    open_shop("south")
    before = rows(hub, integrations)
    with pytest.raises(ConflictError, match="belong to the store 'south', but 'north' is the store 'north'"):
        await hub.integrations.change(integration.id, settings={"shop": "south"})
    assert rows(hub, integrations) == before


@pytest.mark.parametrize(("lacks", "advice"), [("timezone", "timezone=America/New_York"), ("currency", "currency=USD")])
async def test_what_the_store_does_not_tell_is_asked_for_and_never_guessed(hub: Hub, lacks: str, advice: str) -> None:
    number = await added(hub, open_shop("north", **{lacks: None}))
    with pytest.raises(InputError, match=advice) as caught:
        await hub.integrations.authorize(number, {"password": "sesame"})
    assert list(caught.value.fields) == [lacks]
    assert (await hub.integrations.get(number)).connection == "awaiting_authorization"


async def test_what_the_store_does_not_tell_can_be_set(hub: Hub) -> None:
    number = await added(hub, open_shop("north", timezone=None))
    await hub.integrations.change(number, settings={"timezone": "Europe/Berlin"})
    assert (await hub.integrations.authorize(number, {"password": "sesame"})).connection == "connected"


async def test_settings_of_a_connected_store_are_tried_first(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    shop.password = "changed"
    with pytest.raises(AuthorizationError):
        await hub.integrations.change(integration.id, settings={"timezone": "Europe/Berlin"})
    assert (await hub.integrations.get(integration.id)).settings == {"shop": "north"}
    changed = await hub.integrations.change(integration.id, rules={"order_interval": 99})
    assert changed.rules.order_interval == 99


async def test_a_verification_keeps_what_the_store_tells_now(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    shop.currency = "EUR"
    identity = await hub.integrations.verify(integration.id)
    assert identity.currency == "EUR"
    assert (await hub.integrations.get(integration.id)).store == identity


@pytest.mark.parametrize("lacks", ["timezone", "currency"])
@pytest.mark.parametrize("how", ["verify", "authorize", "change"])
async def test_what_the_store_no_longer_tells_stays_as_it_was_told_last(hub: Hub, lacks: str, how: str) -> None:
    shop = open_shop("north", timezone="Europe/Berlin", currency="EUR")
    integration = await connected(hub, shop)
    setattr(shop, lacks, None)
    shop.name = "north-alias"
    if how == "verify":
        assert getattr(await hub.integrations.verify(integration.id), lacks) is not None
    elif how == "authorize":
        await hub.integrations.authorize(integration.id, {"password": "sesame"})
    else:
        await hub.integrations.change(integration.id, settings={"timezone": "Asia/Tokyo"})
    store = (await hub.integrations.get(integration.id)).store
    assert store is not None
    assert (store.name, store.timezone, store.currency) == ("north-alias", "Europe/Berlin", "EUR")


async def test_a_zone_that_is_unset_again_is_the_one_that_the_store_told_last(hub: Hub) -> None:
    shop = open_shop("north", timezone="Europe/Berlin")
    number = await added(hub, shop, timezone="Asia/Tokyo")
    await hub.integrations.authorize(number, {"password": "sesame"})
    shop.timezone = None
    changed = await hub.integrations.change(number, settings={"timezone": None})
    assert changed.store is not None
    assert (changed.settings, changed.store.timezone) == ({"shop": "north"}, "Europe/Berlin")


async def test_a_verification_that_finds_another_store_keeps_the_old_one(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    shop.name = "south"
    with pytest.raises(ConflictError, match="belong to the store 'south', but 'north' is the store 'north'"):
        await hub.integrations.verify(integration.id)
    assert (await hub.integrations.get(integration.id)).store == integration.store


async def test_a_verification_says_that_the_store_refuses(hub: Hub) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    shop.password = "changed"
    with pytest.raises(AuthorizationError):
        await hub.integrations.verify(integration.id)


async def test_what_is_not_authorised_cannot_be_verified_or_read(hub: Hub) -> None:
    number = await added(hub, open_shop("north"))
    with pytest.raises(AuthorizationError, match="is not authorised"):
        await hub.integrations.verify(number)
    with pytest.raises(ConflictError, match="run: hub integrations reauthorise 'North'"):
        await hub.sync(number)


async def test_a_refusal_stops_the_integration_once_and_says_so_once(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)

    def lock_out(shop: Shop, start: int) -> None:
        if start == 2:
            shop.password = "changed"

    shop.before_page = lock_out
    run = await hub.sync(integration.id)
    assert run.error is not None
    assert (run.state, run.error.code) == ("failed", "needs_reauthorization")
    stopped = await hub.integrations.get(integration.id)
    assert (stopped.connection, stopped.health.state) == ("needs_reauthorization", "failing")
    assert stopped.health.sentence.endswith("Run: hub integrations reauthorise 'north'")
    assert stopped.flows["orders"].next_run_at is None  # type: ignore[index]
    clock.advance(10_000)
    with pytest.raises(ConflictError):
        await hub.sync(integration.id)
    assert len(await told(hub, "integration.needs_reauthorization")) == 1


async def test_after_a_new_authorisation_nothing_is_lost(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    shop.password = "changed"
    await hub.sync(integration.id)
    clock.advance(5 * 86400)
    filled(shop, 4, first=100, placed_at=NOW + (clock.now() - NOW) / 2)
    again = await hub.integrations.authorize(integration.id, {"password": "changed"})
    assert (again.connection, again.health.state, again.health.code) == ("connected", "ok", "catching_up")
    await hub.sync(integration.id)
    assert {order.external_id for order in await found(hub)} == set(shop.orders)
    assert (await hub.integrations.get(integration.id)).health.code == "ok"
    assert (await told(hub, "integration.reauthorized")) == [
        {"type": "integration.reauthorized", "name": "north", "store": "north"}
    ]
    assert len(rows(hub, searches)) == 6


async def test_a_store_that_cannot_be_reached_keeps_the_credentials_out(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop("north")

    def unreachable(shop: Shop) -> str:
        raise UnavailableError("The toy shop does not answer.")

    number = await added(hub, shop)
    monkeypatch.setattr(Shop, "key", property(unreachable))
    with pytest.raises(UnavailableError):
        await hub.integrations.authorize(number, {"password": "sesame"})
    assert sealed(hub) == [None]
