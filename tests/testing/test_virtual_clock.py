"""The clock of the tests."""

import asyncio
from datetime import timedelta

import pytest

from hub_core.testing.clock import VirtualClock


def test_time_passes_only_when_it_is_told_to() -> None:
    clock = VirtualClock()
    start = clock.now()
    assert (clock.now(), clock.monotonic()) == (start, 0)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (start + timedelta(seconds=1.5), 1.5)
    clock.set(start + timedelta(days=1))
    assert clock.monotonic() == 86400


def test_time_does_not_run_backwards() -> None:
    clock = VirtualClock()
    clock.advance(10)
    with pytest.raises(ValueError, match="backwards"):
        clock.set(clock.now() - timedelta(seconds=1))


async def test_who_sleeps_is_woken_when_his_time_has_come() -> None:
    clock = VirtualClock()
    short, long = asyncio.create_task(clock.sleep(1)), asyncio.create_task(clock.sleep(5))
    await clock.asleep(2)
    clock.advance(1)
    await short
    assert not long.done()
    clock.advance(4)
    await long


async def test_who_is_cancelled_in_his_sleep_is_forgotten() -> None:
    clock = VirtualClock()
    task = asyncio.create_task(clock.sleep(1))
    await clock.asleep()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    clock.advance(2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await clock.asleep()


async def test_on_a_leaping_clock_nobody_waits() -> None:
    clock = VirtualClock(leaping=True)
    await clock.sleep(3600)
    assert clock.monotonic() == 3600
