"""Running a flow: claim it, work, and decide by the type of what went wrong what happens next."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from hub_core import (
    BudgetError,
    NotReadyError,
    PermissionMissingError,
    ResponseError,
    UnavailableError,
)
from hub_core.domain.errors import StorageError
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Run, RunError, RunState, Spent
from hub_core.domain.turns import EARLY
from hub_core.engine.backoff import FIRST_WAIT, JITTER
from hub_core.engine.ending import NO_WAIT, Ending, Endings
from hub_core.engine.runner import Outcome, Runner
from hub_core.services.order_intake import OrderIntake
from hub_core.services.slices import Slice
from hub_core.storage.flows import LEASE_TIME, Lease
from hub_core.storage.tables import flow_state, integrations
from tests.engine.desk import Desk
from tests.hubs import DAY, NOW, filled, found, told, worker
from tests.toyshop.shop import Shop


async def test_a_run_has_a_beginning_an_end_and_figures(desk: Desk) -> None:
    assert await desk.work() is Outcome.ENDED
    run = await desk.last()
    assert (run.kind, run.state, run.started_at, run.finished_at) == (
        "orders",
        "succeeded",
        desk.clock.now(),
        desk.clock.now(),
    )
    assert (run.counts.read, run.counts.created) == (10, 5)
    assert (desk.flow()["lease_owner"], desk.flow()["last_success_at"]) == (None, desk.clock.now())


async def test_a_long_read_pauses_after_so_many_pages_and_stays_due(desk: Desk) -> None:
    assert await desk.work(pages=3) is Outcome.PAUSED
    run = await desk.last()
    assert (run.state, run.counts.created, desk.wait()) == ("running", 3, 0)
    assert await desk.work() is Outcome.ENDED
    again = await desk.last()
    assert (again.id, again.state, again.counts.read) == (run.id, "succeeded", 10)
    assert [start for _, _, start in desk.shop.diary].count(0) == 3  # each search was begun once


async def test_a_long_read_pauses_after_so_many_seconds(desk: Desk) -> None:
    desk.shop.before_page = lambda *_: desk.clock.advance(1)
    assert await desk.work(seconds=2.5) is Outcome.PAUSED
    assert 1 <= (await desk.last()).counts.created < 5


async def test_a_read_that_is_asked_to_stop_does_so_after_the_page(desk: Desk) -> None:
    claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    piece = Slice(desk.clock)
    piece.stopping = True
    assert await desk.runner.work(claimed, piece) is Outcome.PAUSED
    assert len(await found(desk.hub)) == 1


async def test_the_wait_grows_with_each_failure_and_ends_with_the_first_success(desk: Desk) -> None:
    desk.fails(lambda: UnavailableError("Closed for lunch."))
    for expected in (5, 10, 20, 40):
        await desk.work()
        assert expected * (1 - JITTER) <= desk.wait() <= expected
        desk.clock.advance(expected)
    assert desk.flow()["failures"] == 4
    desk.fails(None)
    await desk.work()
    flow = desk.flow()
    assert (flow["failures"], flow["problem_code"], flow["problem_since"]) == (0, None, None)
    assert 60 * EARLY <= desk.wait() <= 60


async def test_health_says_since_when_a_store_fails(desk: Desk) -> None:
    first = desk.clock.now()
    desk.fails(lambda: UnavailableError("Closed for lunch."))
    for _ in range(3):
        await desk.work()
        desk.clock.advance(100)
    worker(desk.hub)
    health = (await desk.hub.integrations.get("north")).health
    assert (health.state, health.code, health.since) == ("failing", "unavailable", first)
    assert health.sentence == "Closed for lunch. It has been so since 2026-03-10 12:00 UTC."


async def test_a_store_that_names_a_wait_is_left_alone_for_that_long(desk: Desk) -> None:
    desk.fails(lambda: UnavailableError("Later.", retry_after=300))
    await desk.work()
    assert desk.wait() == pytest.approx(300)


async def test_a_spent_rate_budget_is_no_failure(desk: Desk) -> None:
    desk.fails(lambda: BudgetError("No room.", retry_after=30))
    assert await desk.work() is Outcome.PAUSED
    assert ((await desk.last()).state, desk.flow()["failures"], desk.wait()) == ("running", 0, 30)
    assert (await desk.hub.integrations.get("north")).health.state == "ok"


async def test_a_spent_rate_budget_that_names_no_wait_is_not_asked_again_at_once(desk: Desk) -> None:
    desk.fails(lambda: BudgetError("No room."))
    await desk.work()
    assert desk.wait() == FIRST_WAIT


async def test_pages_that_are_known_are_counted_once_when_the_rate_budget_is_spent(desk: Desk) -> None:
    filled(desk.shop, 5, placed_at=NOW - DAY / 2)
    await desk.work()
    desk.clock.advance(61)
    await desk.work()
    undisturbed = (await desk.last()).counts
    desk.clock.advance(61)

    def spend(shop: Shop, start: int) -> None:
        if start == 3 and len(shop.diary) == 4:
            raise BudgetError("No room.", retry_after=1)

    desk.shop.diary.clear()
    desk.shop.before_page = spend
    assert await desk.work() is Outcome.PAUSED
    desk.clock.advance(1)
    assert await desk.work() is Outcome.ENDED
    assert [start for _, _, start in desk.shop.diary[:5]] == [0, 1, 2, 3, 3]
    assert (await desk.last()).counts == undisturbed


async def test_a_store_that_still_prepares_is_asked_again_from_the_cursor_that_it_gave(desk: Desk) -> None:
    desk.fails(lambda: NotReadyError(3, retry_after=20))
    assert await desk.work() is Outcome.PAUSED
    assert ((await desk.last()).state, desk.flow()["failures"], desk.wait()) == ("running", 0, 20)
    desk.fails(None)
    desk.shop.diary.clear()
    desk.clock.advance(20)
    assert await desk.work() is Outcome.ENDED
    assert desk.shop.diary[0][2] == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageError("The disk is full."), "storage"),
        (IntegrityError("INSERT", {}, Exception("a secret")), "error"),
        (UnicodeEncodeError("utf-8", "a secret", 0, 1, "surrogates not allowed"), "error"),
        (ZeroDivisionError("a secret"), "error"),
    ],
    ids=["storage", "integrity", "unicode", "mistake"],
)
async def test_what_nobody_foresaw_ends_the_run_with_its_reason_and_a_growing_wait(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(OrderIntake, "take", fail)
    for expected in (5, 10):
        assert await desk.work() is Outcome.ENDED
        run = await desk.last()
        assert (run.state, run.error.code, desk.flow()["problem_code"]) == ("failed", code, code)
        assert "secret" not in run.error.sentence
        assert expected * (1 - JITTER) <= desk.wait() <= expected
        desk.clock.advance(expected)


async def test_where_not_even_the_end_can_be_written_the_flow_waits_for_its_lease(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(Endings, "write", fail)
    with pytest.raises(StorageError, match="The disk is full"):
        await desk.work()
    assert desk.flow()["lease_until"] == desk.clock.now() + LEASE_TIME
    assert (await desk.last()).state == "running"


async def test_a_refusal_of_old_credentials_does_not_stop_what_was_authorised_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Endings.write

    async def late(self: Endings, lease: Lease, run: Run, ending: Ending) -> Ending:
        await desk.hub.integrations.authorize(desk.integration.id, {"password": "new"})
        return await write(self, lease, run, ending)

    desk.shop.password = "new"
    with monkeypatch.context() as patched:
        patched.setattr(Endings, "write", late)
        assert await desk.work() is Outcome.ENDED
    run = await desk.last()
    assert (run.state, run.error.code) == ("failed", "needs_reauthorization")
    integration = await desk.hub.integrations.get("north")
    assert (integration.connection, integration.health.state, desk.wait()) == ("connected", "ok", 0)
    assert await told(desk.hub, "integration.needs_reauthorization") == []
    assert await desk.work() is Outcome.ENDED
    assert (await desk.last()).state == "succeeded"


@pytest.mark.parametrize("how", ["disable", "remove"])
async def test_a_refusal_that_comes_after_switching_off_changes_nothing_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    write = Endings.write

    async def late(self: Endings, lease: Lease, run: Run, ending: Ending) -> Ending:
        await getattr(desk.hub.integrations, how)(desk.integration.id)
        return await write(self, lease, run, ending)

    desk.shop.password = "new"
    monkeypatch.setattr(Endings, "write", late)
    assert await desk.work() is Outcome.ENDED
    assert (await desk.last()).state == "failed"
    integration = await desk.hub.integrations.get(desk.integration.id)
    assert (integration.connection, integration.health.state) == ("connected", "paused")
    assert await told(desk.hub, "integration.needs_reauthorization") == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (lambda: ResponseError("Not understood."), "response"),
        (lambda: PermissionMissingError("Orders"), "permission_missing"),
        (lambda: KeyError("OrderID"), "plugin_fault"),
    ],
    ids=["nonsense", "right", "plugin"],
)
async def test_what_went_wrong_is_told_by_its_code(desk: Desk, error: Callable[[], Exception], code: str) -> None:
    desk.fails(error)
    assert await desk.work() is Outcome.ENDED
    run = await desk.last()
    assert (run.state, run.error.code, desk.flow()["problem_code"]) == ("failed", code, code)
    assert run.error.sentence == desk.flow()["problem_sentence"]


async def test_a_channel_that_is_gone_makes_the_run_fail(desk: Desk) -> None:
    change = integrations.update().values(channel="gone")
    desk.hub.parts.database.write_now(lambda connection: connection.execute(change))
    await desk.work()
    assert (await desk.last()).error.code == "not_found"
    assert (await desk.hub.integrations.get("north")).health.code == "channel_missing"


async def test_credentials_that_cannot_be_unsealed_stop_the_integration_and_say_what_to_do(desk: Desk) -> None:
    change = integrations.update().values(credentials="v1.00000000.AAAA")
    desk.hub.parts.database.write_now(lambda connection: connection.execute(change))
    assert await desk.work() is Outcome.ENDED
    run = await desk.last()
    assert (run.state, run.error.code) == ("failed", "vault")
    north = await desk.hub.integrations.get("north")
    assert (north.connection, north.health.code) == ("needs_reauthorization", "needs_reauthorization")
    assert north.health.sentence.startswith(run.error.sentence)


async def test_flows_that_are_refused_together_stop_the_integration_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The second has asked the store before the first could say that it is refused."""
    desk.shop.password = "changed"
    claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    row = await desk.runner._integration(desk.integration.id)
    error = RunError(code="needs_reauthorization", sentence="The shop does not know the hub.")
    refused = Ending(RunState.FAILED, None, Spent(), NO_WAIT, error=error, backs_off=True, refused=row)
    assert await desk.runner.work(claimed, Slice(desk.clock)) is Outcome.ENDED
    change = flow_state.update().values(lease_owner=claimed.lease.owner)
    desk.hub.parts.database.write_now(lambda connection: connection.execute(change))
    assert (await Endings(desk.hub.parts).write(claimed.lease, claimed.run, refused)).refused is None
    assert len(await told(desk.hub, "integration.needs_reauthorization")) == 1
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "'north' is stopped: The toy shop does not know this password."
    ]


async def test_credentials_of_another_version_of_the_plugin_ask_for_a_new_authorisation(desk: Desk) -> None:
    vault = desk.hub.parts.vault
    sealed = vault.encrypt('{"key": "sesame"}', f"integration:{desk.integration.id}:credentials")
    change = integrations.update().values(credentials=sealed)
    desk.hub.parts.database.write_now(lambda connection: connection.execute(change))
    assert await desk.work() is Outcome.ENDED
    run = await desk.last()
    assert (run.state, run.error.code) == ("failed", "needs_reauthorization")
    assert "sesame" not in run.error.sentence
    assert (await desk.hub.integrations.get("north")).connection == "needs_reauthorization"


async def test_who_lost_the_lease_ends_without_a_word(desk: Desk) -> None:
    def steal(shop: Shop, start: int) -> None:
        if start == 2:
            taken = flow_state.update().values(lease=99, lease_owner="thief")
            desk.hub.parts.database.write_now(lambda connection: connection.execute(taken))

    desk.shop.before_page = steal
    assert await desk.work() is Outcome.NOT_DUE
    assert (desk.flow()["lease_owner"], (await desk.last()).state) == ("thief", "running")
    assert len(await found(desk.hub)) <= 2


async def test_a_process_that_died_leaves_its_flow_to_the_next(desk: Desk) -> None:
    assert await desk.runner.claim(desk.integration.id, Flow.ORDERS) is not None
    other = Runner(desk.hub.parts, "the next process")
    assert await other.claim(desk.integration.id, Flow.ORDERS) is None
    desk.clock.advance(8.1)
    claimed = await other.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    assert await other.work(claimed, Slice(desk.clock)) is Outcome.ENDED
    states = [(run.state, run.error and run.error.code) for run in await desk.hub.runs.page()]
    assert states == [("succeeded", None), ("failed", "interrupted")]
