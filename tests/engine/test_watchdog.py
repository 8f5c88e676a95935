"""Noticing that something holds the engine's loop."""

import asyncio
import logging
import threading
from typing import Self

import pytest

from hub_core.channels.blame import Blame
from hub_core.engine.watchdog import PATIENCE, Heartbeat, Watchdog
from hub_core.testing.clock import VirtualClock


class Held:
    """A loop of its own in a thread, which beats once and is then held until it is let go."""

    def __init__(self, clock: VirtualClock) -> None:
        self.heartbeat = Heartbeat(clock)
        self._holding = threading.Event()
        self._let_go = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._work(),), daemon=True)

    async def _work(self) -> None:
        beating = asyncio.create_task(self.heartbeat.beat())
        await asyncio.sleep(0)
        self.fetch_orders_for_ever(Blame("toyshop", "fetch_orders"))
        beating.cancel()

    def fetch_orders_for_ever(self, blame: Blame) -> None:
        self._holding.set()
        self._let_go.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._holding.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._thread.join(10)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def test_a_loop_that_is_held_is_told_once_with_the_hook_that_holds_it(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    with Held(clock) as held:
        watchdog = Watchdog(held.heartbeat)
        clock.advance(PATIENCE)
        watchdog.look()
        watchdog.look()
    (warning,) = warnings(caplog)
    assert "the hook fetch_orders of the plugin 'toyshop'" in warning
    assert "has stood still for 5 s" in warning


async def test_a_loop_that_beats_in_time_is_not_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    with Held(clock) as held:
        clock.advance(PATIENCE - 0.1)
        Watchdog(held.heartbeat).look()
    assert warnings(caplog) == []


async def test_a_loop_that_was_let_go_is_told_again_when_it_is_held_again(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    heartbeat = Heartbeat(clock)
    watchdog = Watchdog(heartbeat)
    beating = asyncio.create_task(heartbeat.beat())
    await clock.asleep()
    for expected in (1, 2):
        clock.advance(PATIENCE)
        watchdog.look()
        assert len(warnings(caplog)) == expected
        for _ in range(5):  # the loop's turn
            await asyncio.sleep(0)
        assert heartbeat.silence() == 0
        watchdog.look()
    beating.cancel()


def test_a_loop_that_has_not_begun_is_not_held(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    watchdog = Watchdog(Heartbeat(clock))
    clock.advance(100)
    watchdog.look()
    assert warnings(caplog) == []
