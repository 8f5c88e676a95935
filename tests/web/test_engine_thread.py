"""The engine in a thread of its own."""

import asyncio
import logging

import pytest
from pydantic import SecretStr

from hub_core.domain.errors import HubError, StorageError
from hub_core.engine.watchdog import Heartbeat
from hub_core.hub import Hub
from hub_core.storage.flows import FlowRepository
from hub_core.testing.clock import VirtualClock
from hub_core.web import serve
from hub_core.web.engine_thread import EngineThread

PATIENCE = 30


def thread_of(hub: Hub) -> EngineThread:
    return EngineThread(hub, Heartbeat(VirtualClock()))


async def test_it_ends_when_it_is_told_to(hub: Hub) -> None:
    thread = thread_of(hub)
    thread.start()
    thread.stop()
    await asyncio.wait_for(thread.ended, PATIENCE)


async def test_one_that_was_never_started_has_ended(hub: Hub) -> None:
    thread = thread_of(hub)
    thread.stop()
    assert thread.ended.done()


async def test_what_breaks_it_is_told_to_whoever_waits_for_it(hub: Hub) -> None:
    hub.settings = hub.settings.model_copy(update={"database_url": SecretStr("sqlite:////proc/nowhere/hub.db")})
    thread = thread_of(hub)
    thread.start()
    with pytest.raises(HubError):
        await asyncio.wait_for(thread.ended, PATIENCE)


@pytest.mark.parametrize("stopped", [True, False])
async def test_an_engine_that_failed_ends_the_process_with_its_sentence(
    hub: Hub, capsys: pytest.CaptureFixture[str], stopped: bool
) -> None:
    thread = thread_of(hub)
    thread.ended.set_exception(StorageError("The disk is full; make room."))
    assert serve._exit_code(thread, stopped=stopped) == 1
    assert capsys.readouterr().err == "The disk is full; make room.\n"


async def test_a_mistake_in_the_engine_is_logged_in_full(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    thread = thread_of(hub)
    thread.ended.set_exception(ZeroDivisionError("inside"))
    with caplog.at_level(logging.CRITICAL):
        assert serve._exit_code(thread, stopped=False) == 1
    assert "ZeroDivisionError: inside" in caplog.text


async def test_an_engine_that_ended_without_being_asked_to_is_a_failure(hub: Hub) -> None:
    thread = thread_of(hub)
    thread.ended.set_result(None)
    assert (serve._exit_code(thread, stopped=False), serve._exit_code(thread, stopped=True)) == (1, 0)


async def test_a_mistake_in_a_loop_of_the_engine_ends_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def blunder(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(FlowRepository, "due", blunder)
    thread = thread_of(hub)
    thread.start()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(thread.ended, PATIENCE)
