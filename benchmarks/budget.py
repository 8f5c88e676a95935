"""What the rate budget lets through: beside what the store's own meter counts, and where the store allows less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import event

from benchmarks.crowd import QUICK, THREEDCART, crowd
from benchmarks.figures import Figure
from hub_core import RateBudget
from hub_core.storage import schema
from hub_core.storage.budgets import BudgetRepository
from hub_core.storage.database import Database
from hub_core.testing.clock import VirtualClock
from hub_core.testing.store.bucket import LeakyBucket

_SECONDS = 10
_HOURS = 3
_PAUSE = 5.0
"""Seconds that a store is left alone which does not say for how long."""
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_STATED = RateBudget(depth=THREEDCART.hub_depth, per_second=THREEDCART.per_second)


class Halved(NamedTuple):
    """How a store fares that allows half of what its channel states; *used* is the part of what it allows."""

    refusals_of_first_hour: int
    refusals_an_hour: float
    used: float


@contextmanager
def _bank(clock: VirtualClock) -> Iterator[Database]:
    """Give a database that need not survive a power cut."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/hub.db", clock)
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        schema.prepare(database)
        try:
            yield database
        finally:
            database.engine.dispose()


def halved(hours: int) -> Halved:
    """Let a back-fill at the 3DCart rate meet a store that drains half of that, in made-up time."""
    store = LeakyBucket(THREEDCART.store_depth, THREEDCART.per_second / 2)
    refused, used = [0] * hours, 0
    clock = VirtualClock(_BEGINNING)
    with _bank(clock) as database:
        while (hour := int(clock.monotonic() // 3600)) < hours:
            if wait := database.write_now(
                lambda connection: BudgetRepository(connection, database.epoch_sql()).take("bench", _STATED, 1)
            ):
                clock.advance(wait)
            elif store.admit(clock.now()):
                used += hour > 0
            else:
                refused[hour] += 1
                database.write_now(
                    lambda connection: BudgetRepository(connection, database.epoch_sql()).throttled(
                        "bench", _STATED, _PAUSE
                    )
                )
    return Halved(refused[0], sum(refused[1:]) / (hours - 1), used / (store.per_second * 3600 * (hours - 1)))


def budget(orders: int, pairs: int) -> Iterator[Figure]:
    """Compare what four processes ask with what the store counts, and what a lower limit costs."""
    del orders, pairs
    with TemporaryDirectory() as home, crowd(f"sqlite:///{home}/hub.db", home, QUICK) as ask:
        found = ask(_SECONDS, 0)
    yield Figure(f"four processes, {found.requests} requests: over the limit", found.over, "", 0)
    yield Figure("… of the sustained rate not used", 100 * max(0.0, 1 - found.used), "%", 5)
    yield Figure("… what people waited for it", found.people_waited, "s", 0.5)
    less = halved(_HOURS)
    yield Figure("halved limit: refusals in the first hour", less.refusals_of_first_hour, "", 12)
    yield Figure("… an hour after that", less.refusals_an_hour, "", 5)
    yield Figure("… of what the store allows not used", 100 * max(0.0, 1 - less.used), "%", 10)
