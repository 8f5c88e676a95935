"""Whoever changes something leaves a row that says so; a method that leaves none is found here."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from hub_core import Hub, money
from hub_core.domain.acting import Actor, ActorKind, acting
from hub_core.domain.audit import AuditRow
from hub_core.domain.integrations import Flow
from hub_core.settings import HubSettings
from hub_core.testing.clock import VirtualClock
from tests.grantshop.desk import GrantDesk, grant_desk, grantshop_registry
from tests.grantshop.platform import CLIENT_SECRET
from tests.hubs import connected, told
from tests.stockshop.desk import StockDesk
from tests.stockshop.desk import connected as stock_shop
from tests.toyshop.shop import open_shop

ANNA = Actor(ActorKind.COMMAND, "anna", "r-1")

READING = {
    "applications": {"get", "stored", "callback_url"},
    "audit": {"page", "newest"},
    "callbacks": {"channel_at", "complain"},
    "events": {"after", "newest", "follow"},
    "integrations": {"page", "list", "get", "removal", "is_begun", "check_flows"},
    "listings": {"find", "page", "get", "unheard"},
    "orders": {"find", "page", "get", "history"},
    "prices": {"plan", "find", "page"},
    "rejects": {"page", "get"},
    "reports": {"sales"},
    "runs": {"page", "get"},
    "stock": {"plan", "get", "explain", "find", "page"},
    "tokens": {"list"},
}
"""What changes nothing."""
WORK = {
    "runs": {"request"},  # asks for work, and changes nothing that a person has said
    "tokens": {"holder"},  # notes when a token was used
    "webhooks": {"hear", "keep_subscribed", "complain"},  # what stores hint at, and what the engine does by itself
}
"""What changes only what the hub itself keeps in order to work."""


class Scene:
    """All that is needed to change something: a shop that is told figures, and a platform that lets merchants in."""

    def __init__(self, desk: StockDesk) -> None:
        self.desk = desk
        self.hub = desk.hub
        self.id = desk.integration.id

    async def reject(self) -> int:
        self.desk.shop.put_raw("odd", self.desk.clock.now(), b"[")
        await self.desk.read_orders()
        (found,) = await self.hub.rejects.page()
        return found.id

    def listing(self) -> int:
        return int(self.desk.listing("a")["id"])


Deed = Callable[[Scene], Awaitable[Callable[[], Awaitable[Any]]]]
"""Prepares something, and gives what is to leave a row."""


async def add(scene: Scene) -> Any:
    return lambda: scene.hub.integrations.add("stockshop", name="New", settings={"shop": "new"})


async def authorize(scene: Scene) -> Any:
    added = await scene.hub.integrations.add("stockshop", name="New", settings={"shop": "north"})
    await scene.hub.integrations.remove(scene.id)
    return lambda: scene.hub.integrations.authorize(added.id, {"password": scene.desk.shop.password})


async def take_over_links(scene: Scene) -> Any:
    await scene.hub.listings.link(scene.listing(), "B")
    await scene.hub.integrations.remove(scene.id)
    again = scene.desk.integration = await stock_shop(scene.hub, scene.desk.shop)
    await scene.desk.read_orders()
    await scene.desk.read_listings()
    return lambda: scene.hub.integrations.take_over_links(again.id)


async def enable(scene: Scene) -> Any:
    await scene.hub.integrations.disable(scene.id)
    return lambda: scene.hub.integrations.enable(scene.id)


async def verify(scene: Scene) -> Any:
    scene.desk.shop.currency = "EUR"
    return lambda: scene.hub.integrations.verify(scene.id)


async def adopt(scene: Scene) -> Any:
    return lambda: scene.hub.stock.adopt(scene.id)


async def adjust(scene: Scene) -> Any:
    await scene.desk.sets(a=5)
    return lambda: scene.hub.stock.adjust({"A": 1})


async def confirm(scene: Scene) -> Any:
    await scene.desk.prices(a="20.00")
    await scene.desk.push(Flow.PRICES)
    return lambda: scene.hub.listings.confirm(scene.listing())


async def retry(scene: Scene) -> Any:
    number = await scene.reject()
    scene.desk.shop.put("odd", scene.desk.clock.now())
    return lambda: scene.hub.rejects.retry(number)


async def discard(scene: Scene) -> Any:
    number = await scene.reject()
    return lambda: scene.hub.rejects.discard(number)


async def put_aside(scene: Scene) -> Any:
    number = await scene.reject()
    return lambda: scene.hub.rejects.put_aside(number, aside=True)


async def order(scene: Scene) -> int:
    scene.desk.shop.sell("A1", "a", 1, scene.desk.clock.now())
    await scene.desk.read_orders()
    return next(iter([one.id async for one in scene.hub.orders.find()]))


async def erase(scene: Scene) -> Any:
    number = await order(scene)
    return lambda: scene.hub.orders.erase(number)


async def erase_due(scene: Scene) -> Any:
    await order(scene)
    await scene.hub.integrations.change(scene.id, rules={"personal_data_days": 1})
    await scene.hub.integrations.remove(scene.id)
    scene.desk.clock.advance(2 * 86_400)
    return scene.hub.orders.erase_due


async def revoke(scene: Scene) -> Any:
    await scene.hub.tokens.create("till")
    return lambda: scene.hub.tokens.revoke("till")


def at_once(deed: Callable[[Scene], Any]) -> Deed:
    async def prepared(scene: Scene) -> Any:
        return lambda: deed(scene)

    return prepared


A_PRICE = [("A", money(Decimal(9), "USD"))]
CHANGING: dict[str, dict[str, tuple[str, Deed]]] = {
    "integrations": {
        "add": ("integration.added", add),
        "authorize": ("integration.connected", authorize),
        "rename": ("integration.renamed", at_once(lambda scene: scene.hub.integrations.rename(scene.id, "South"))),
        "change": (
            "integration.changed",
            at_once(lambda scene: scene.hub.integrations.change(scene.id, rules={"buffer": 2})),
        ),
        "enable": ("integration.enabled", enable),
        "disable": ("integration.disabled", at_once(lambda scene: scene.hub.integrations.disable(scene.id))),
        "take_over_links": ("listings.links_taken_over", take_over_links),
        "verify": ("integration.verified", verify),
        "remove": ("integration.removed", at_once(lambda scene: scene.hub.integrations.remove(scene.id))),
    },
    "stock": {
        "set": ("stock.set", at_once(lambda scene: scene.hub.stock.set({"A": 3}))),
        "set_all": ("stock.set", at_once(lambda scene: scene.hub.stock.set_all({"A": 3, "B": 4}))),
        "adjust": ("stock.adjusted", adjust),
        "adopt": ("stock.adopted", adopt),
    },
    "prices": {
        "set": ("price.set", at_once(lambda scene: scene.hub.prices.set(A_PRICE))),
        "set_all": ("price.set", at_once(lambda scene: scene.hub.prices.set_all(A_PRICE))),
    },
    "listings": {
        "link": ("listing.linked", at_once(lambda scene: scene.hub.listings.link(scene.listing(), "B"))),
        "unlink": ("listing.unlinked", at_once(lambda scene: scene.hub.listings.unlink(scene.listing()))),
        "confirm": ("price.confirmed", confirm),
    },
    "orders": {"erase": ("order.erased", erase), "erase_due": ("order.erased", erase_due)},
    "rejects": {
        "retry": ("reject.retried", retry),
        "discard": ("reject.discarded", discard),
        "put_aside": ("reject.aside", put_aside),
    },
    "tokens": {
        "create": ("token.created", at_once(lambda scene: scene.hub.tokens.create("till"))),
        "revoke": ("token.revoked", revoke),
    },
}
OF_PLATFORMS = {
    "applications": {"set"},
    "callbacks": {"receive"},
    "integrations": {"begin_authorization", "complete_authorization"},
    "keys": {"rotate"},
}
"""What the tests further below change, at a platform."""


def public_methods(hub: Hub) -> dict[str, set[str]]:
    """The public methods of every service that hangs at the hub."""
    services = {
        name: service
        for name, service in vars(hub).items()
        if not name.startswith("_") and type(service).__module__.startswith("hub_core.services.")
    }
    del services["parts"]
    return {
        name: {each for each, _ in inspect.getmembers(service, inspect.isroutine) if not each.startswith("_")}
        for name, service in services.items()
    }


async def test_of_every_method_it_is_known_whether_it_leaves_a_row(hub: Hub) -> None:
    for service, methods in public_methods(hub).items():
        known = READING.get(service, set()) | WORK.get(service, set()) | OF_PLATFORMS.get(service, set())
        assert methods == known | CHANGING.get(service, {}).keys(), service


@pytest.mark.parametrize(
    ("action", "deed"),
    [pytest.param(*case, id=f"{service}.{name}") for service, each in CHANGING.items() for name, case in each.items()],
)
async def test_a_change_leaves_one_row_with_who_made_it(desk: StockDesk, action: str, deed: Deed) -> None:
    work = await deed(Scene(desk))
    before = await desk.hub.audit.newest()
    with acting(ANNA):
        await work()
    (row,) = await desk.hub.audit.page(after=before)
    assert (row.action, row.actor.kind, row.actor.name, row.request_id) == (action, "command", "anna", "r-1")
    assert row.subject.id is not None or row.subject.name
    assert row.before is not None or row.after is not None or action in ("token.revoked", *SIMPLE)


SIMPLE = ("integration.enabled", "integration.disabled", "reject.retried")
"""Whose names say it all."""


@pytest.fixture
async def grants(hub_url: str, clock: VirtualClock) -> AsyncIterator[GrantDesk]:
    async with grant_desk(hub_url, clock) as desk:
        yield desk


async def actions(hub: Hub) -> list[tuple[str, str]]:
    return [(row.action, f"{row.actor.kind} {row.actor.name}".rstrip()) for row in await hub.audit.page()]


async def test_who_signs_in_at_a_platform_is_he_who_began(grants: GrantDesk) -> None:
    added = await grants.add()
    state = await grants.begin(added.id, by="token till")
    await grants.come_back(state=state, code=grants.platform.open().code())
    assert await actions(grants.hub) == [
        ("application.set", "program"),
        ("integration.added", "program"),
        ("authorization.begun", "program"),
        ("integration.connected", "token till"),
    ]


async def test_what_a_platform_grants_and_takes_back_is_told_of_its_plugin(grants: GrantDesk) -> None:
    account = grants.platform.open()
    await grants.add()
    await grants.post(account.granted())
    gone = account.event("revoked", access=account.access)
    account.issue()
    await grants.post(gone)
    assert (await actions(grants.hub))[2:] == [
        ("integration.connected", "plugin grantshop"),
        ("integration.needs_reauthorization", "plugin grantshop"),
    ]


async def test_keys_that_are_rotated_leave_a_row_for_each_that_was_sealed_anew(
    grants: GrantDesk, hub_url: str, clock: VirtualClock
) -> None:
    await grants.connected(grants.platform.open())
    keys: Any = f"{'n' * 40},a-key-for-tests-of-more-than-32-characters"
    async with Hub.open(
        hub_url, settings=HubSettings(secret_keys=keys), clock=clock, registry=grantshop_registry()
    ) as hub:
        await hub.keys.rotate()
        await hub.keys.rotate()
        rotated = [row.subject.name for row in await hub.audit.page() if row.action == "key.rotated"]
    assert sorted(rotated) == [
        "the application keys of 'grantshop'",
        "the callback address of 'grantshop'",
        "the credentials of 'Grant 7'",
    ]


async def test_no_secret_is_in_any_row(grants: GrantDesk) -> None:
    account = grants.platform.open()
    await grants.connected(account)
    token = await grants.hub.tokens.create("till")
    said = repr(await grants.hub.audit.page())
    for secret in (CLIENT_SECRET, token.token, account.access, account.refresh):
        assert secret not in said


async def test_what_did_not_change_leaves_no_row(desk: StockDesk) -> None:
    await desk.sets(a=5)
    before = await desk.hub.audit.newest()
    await desk.sets(a=5)
    await desk.hub.integrations.enable(desk.integration.id)
    await desk.hub.integrations.verify(desk.integration.id)
    await desk.hub.integrations.change(desk.integration.id, rules={"buffer": 0})
    await desk.push()
    await desk.read_orders()
    assert await desk.hub.audit.newest() == before


async def test_many_figures_at_once_leave_one_row_that_names_the_first(desk: StockDesk) -> None:
    await desk.hub.stock.set_all({f"S{number:03}": number for number in range(300)})
    row: AuditRow = (await desk.hub.audit.page())[-1]
    assert (row.subject.name, row.subject.id) == ("300 SKUs", None)
    assert row.after is not None
    assert row.after["changed"] == 300
    assert list(row.after["figures"].items())[:2] == [("S000", "0"), ("S001", "1")]
    assert len(row.after["figures"]) == 20
    events = await desk.hub.events.after(row.after["events"][0] - 1, limit=300)
    assert (events[-1].id, {event.type for event in events}) == (row.after["events"][1], {"stock.set"})


async def test_a_change_says_what_was_there_before(hub: Hub) -> None:
    integration = await connected(hub, open_shop("north"))
    await hub.integrations.change(integration.id, rules={"order_interval": 99})
    row = (await hub.audit.page())[-1]
    assert (row.before, row.after) == ({"rules.order_interval": 60}, {"rules.order_interval": 99})
    assert len(await told(hub, "integration.changed")) == 1
