"""A warm process that makes others by forking: `python -m tests.kills.zygote`.

It reads one errand a line, as JSON, has a child do it, and writes how the child ended. It has no threads and opens
nothing, so that a child begins as a fresh process does, without the second that the imports take.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import pkgutil
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import HubError
from hub_core.engine import pulse
from hub_core.storage import database as database_module
from tests.kills.points import Points, fails, kill
from tests.kills.scenes import LATER, SCENES, Store, hub_at
from tests.kills.telling import told_of

PATIENCE: Final = 120
"""Seconds after which a child that hangs says where, and ends."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A step of a scene on the database *url*; *fault* happens *at* that moment, and what there is to tell goes *to*.

    *how* is `kill`, or the kind of a fault and whether it stays: `full once`, `io ever`.
    """

    step: str
    scene: str
    url: str
    api: str
    store: dict[str, Any]
    to: str
    at: int | None = None
    how: str = "kill"


def main() -> None:
    """Do errands until there are no more."""
    _hurry()
    _warm_up()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _live(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _hurry() -> None:
    """Leave out what a file that lives for a second does not need, and the pulse, which counts moments of its own."""
    pulse.READ_SECONDS = 600
    prepare = database_module._prepare_sqlite

    def hurried(connection: Any, record: object) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    database_module._prepare_sqlite = hurried


def _warm_up() -> None:
    """Import what a hub imports when it is first used."""
    ChannelRegistry.load()
    for name in ("hub_core.services", "hub_core.engine", "hub_core.storage"):
        package = import_module(name)
        for module in pkgutil.iter_modules(package.__path__):
            import_module(f"{name}.{module.name}")


def _live(line: dict[str, Any]) -> None:
    code = 1
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    try:
        asyncio.run(_done(Errand(**line)))
        code = 0
    except BaseException:  # noqa: BLE001 - nothing of a child may come back into its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def _done(errand: Errand) -> None:
    os.environ["THREEDCART_API_URL"] = errand.api
    scene, store = SCENES[errand.scene], Store(**errand.store)
    told: dict[str, Any] = {}
    if errand.step == "prepare":
        async with hub_at(errand.url, 0, *scene.first) as hub:
            await scene.prepare(hub, store)
    elif errand.step == "act":
        told = await _acted(errand, store)
    else:
        async with hub_at(errand.url, LATER) as hub:
            await scene.finish(hub, store)
        async with hub_at(errand.url, LATER, *scene.last) as hub:
            told = await told_of(hub)
    Path(errand.to).write_text(json.dumps(told), encoding="utf-8")


async def _acted(errand: Errand, store: Store) -> dict[str, Any]:
    """Do what is to be disturbed once the hub is open; tell how many moments there were, and how often one was hit."""
    kind, _, lasting = errand.how.partition(" ")
    fault = kill if kind == "kill" else fails(kind, for_ever=lasting == "ever")
    async with hub_at(errand.url, LATER / 2) as hub:
        points = Points(errand.at, fault)
        try:
            await SCENES[errand.scene].act(hub, store)
        except HubError:
            if errand.at is None:
                raise
        finally:
            points.end()
    return {"moments": points.count, "fired": points.fired}


if __name__ == "__main__":
    main()
