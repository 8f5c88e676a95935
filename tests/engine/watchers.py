"""Observers for tests: each hears of everything, one fails at it, one hangs, some cannot be used."""

import asyncio
from importlib.metadata import EntryPoint

from hub_core import Event, hookimpl


class Watcher:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    @hookimpl
    async def event_recorded(self, event: Event) -> None:
        self.heard.append(event)


class FailingWatcher(Watcher):
    """Leaves by the wrong door whenever it hears something."""

    @hookimpl
    async def event_recorded(self, event: Event) -> None:
        self.heard.append(event)
        raise SystemExit


class HangingWatcher(Watcher):
    """Never comes back."""

    @hookimpl
    async def event_recorded(self, event: Event) -> None:
        self.heard.append(event)
        await asyncio.Event().wait()


class DeafWatcher:
    """Brings no hook at all."""


class HastyWatcher:
    """Brings a hook of the wrong kind."""

    @hookimpl
    def event_recorded(self, event: Event) -> None:
        raise NotImplementedError


class BlindWatcher:
    """Does without the event."""

    calls = 0

    @hookimpl
    async def event_recorded(self) -> None:
        BlindWatcher.calls += 1


WATCHER, FAILING, HANGING = Watcher(), FailingWatcher(), HangingWatcher()
DEAF, HASTY, BLIND = DeafWatcher(), HastyWatcher(), BlindWatcher()


def entry(name: str) -> EntryPoint:
    """Give the entry point of the observer that this module calls so, in capitals."""
    return EntryPoint(name, f"tests.engine.watchers:{name.upper()}", "hub.observers")
