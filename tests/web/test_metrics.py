"""What Prometheus reads."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from hub_core.domain.budget import RateBudget
from hub_core.domain.errors import BudgetError
from hub_core.domain.integrations import Flow, Integration
from hub_core.domain.tokens import Scope
from hub_core.engine.runner import Runner
from hub_core.hub import Hub
from hub_core.services.slices import Slice
from hub_core.storage.budgets import BudgetRepository
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, statements, worker
from tests.toyshop.shop import Shop
from tests.web.conftest import caller

ADDRESS = "http://hub.test/metrics"


async def scraped(api: httpx.AsyncClient) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Every sample by its name and labels."""
    answer = await api.get(ADDRESS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def labels(one: Integration, flow: str | None = "orders", **more: str) -> tuple[tuple[str, str], ...]:
    own = {"integration": str(one.id), "channel": "toyshop", **({} if flow is None else {"flow": flow})}
    return tuple(sorted((own | more).items()))


def clock_of(hub: Hub) -> VirtualClock:
    clock = hub.parts.clock
    assert isinstance(clock, VirtualClock)
    return clock


async def test_the_numbers_are_those_of_the_rows(
    hub: Hub, api: httpx.AsyncClient, stocked: Integration, shop: Shop
) -> None:
    clock = clock_of(hub)
    shop.put_raw("bad", NOW, b"[")
    clock.advance(400)
    await hub.sync(stocked.id)
    clock.advance(320)
    worker(hub, busy=3)
    found = await scraped(api)
    assert found["hub_info"]
    assert found["hub_orders_taken_in_total"][labels(stocked, None)] == 5
    assert found["hub_runs_total"][labels(stocked, state="succeeded")] == 1
    assert found["hub_runs_total"][labels(stocked, state="partial")] == 1
    assert found["hub_flow_freshness_seconds"][labels(stocked)] == 320
    assert found["hub_flow_target_seconds"][labels(stocked)] == 300
    assert found["hub_flow_lateness_seconds"][labels(stocked)] == 20
    assert found["hub_flow_trouble"] == {labels(stocked, state="late", code="late"): 1}
    assert found["hub_integrations"] == {(("channel", "toyshop"), ("state", "late")): 1}
    assert found["hub_engine_slots"][()] == 40
    assert found["hub_engine_slots_busy"][()] == 3
    assert found["hub_engine_processes"] == {(("kind", "serve"),): 1}
    assert found["hub_flows_due"][()] == 1
    assert found["hub_flows_due_oldest_seconds"][()] > 200
    assert found["hub_rejects_open"][labels(stocked, None)] == 1
    assert found["hub_events_total"][()] == (await hub.events.after(limit=1000))[-1].id
    assert found["hub_database_bytes"][()] > 4096


async def test_waits_for_the_rate_limit_are_counted_and_add_up(
    hub: Hub, api: httpx.AsyncClient, connected: Integration, shop: Shop
) -> None:
    def fail(shop: Shop, start: int) -> None:
        raise BudgetError("No room.", retry_after=30)

    shop.before_page = fail
    for _ in range(2):
        claimed = await Runner(hub.parts, "this process").claim(connected.id, Flow.ORDERS)
        assert claimed is not None
        await Runner(hub.parts, "this process").work(claimed, Slice(hub.parts.clock))
        clock_of(hub).advance(30)
    found = await scraped(api)
    assert found["hub_pauses_total"] == {labels(connected, **{"for": "rate_budget"}): 2}
    assert found["hub_budget_wait_seconds_total"][labels(connected)] == 60
    assert found.get("hub_runs_total") is None


async def test_what_stores_refused_is_counted_by_channel(hub: Hub, api: httpx.AsyncClient) -> None:
    database, budget = hub.parts.database, RateBudget(depth=10, per_second=1)

    def refuse(connection: Connection) -> None:
        for store in ("toyshop/north", "toyshop/south", "toyshop/south"):
            BudgetRepository(connection, database.epoch_sql()).throttled(store, budget, 60)

    database.write_now(refuse)
    found = await scraped(api)
    assert found["hub_throttles_total"] == {(("channel", "toyshop"),): 3}
    assert found["hub_rate_budgets_limited"] == {(("how", "closed"),): 2, (("how", "slowed"),): 0}


async def test_they_name_no_store(hub: Hub, api: httpx.AsyncClient, stocked: Integration) -> None:
    del hub
    text = (await api.get(ADDRESS)).text
    assert stocked.name not in text
    assert "marlow" not in text.lower()


async def test_one_without_a_token_is_told_nothing(hub: Hub, anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get(ADDRESS)
    assert (answer.status_code, "hub_" in answer.text) == (401, False)
    async with caller(hub, Scope.READ) as reader:
        assert (await reader.get(ADDRESS)).status_code == 200


@pytest.mark.parametrize("count", [1, 6])
async def test_it_takes_as_many_statements_however_many_integrations_there_are(
    hub: Hub, api: httpx.AsyncClient, count: int
) -> None:
    for number in range(count):
        await hub.integrations.add("toyshop", name=f"shop {number}", settings={"shop": f"shop-{number}"})
    with statements(hub) as seen:
        await api.get(ADDRESS)
    assert len(seen) <= 18
