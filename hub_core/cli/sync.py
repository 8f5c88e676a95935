"""`hub sync`."""

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.faults import explain
from hub_core.cli.output import complain, counted, document, say
from hub_core.cli.progress import Watch, bars, watched
from hub_core.cli.running import AsJson, command, run
from hub_core.domain.errors import HubError, InputError

if TYPE_CHECKING:
    from hub_core.domain.integrations import Integration
    from hub_core.domain.runs import Run
    from hub_core.hub import Hub

_AT_ONCE = 4
"""Stores are read side by side, since each has a rate limit of its own; more would wait for the database."""


def sync(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names or ids; all that are enabled if none.", metavar="INTEGRATION", show_default=False),
    ] = None,
    orders: Annotated[bool, typer.Option("--orders", help="Only the orders.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the stores now, to the end.

    Example: hub sync

    Example: hub sync "My shop" --orders
    """
    del orders  # is all there is to sync yet, so it is also what happens without it
    tell = _tell_failure if as_json else _tell
    ended = run(lambda hub: _sync(hub, names or [], tell))
    if as_json:
        document([finished for _, finished in ended if finished is not None])
    if any(finished is None or finished.state in ("failed", "stopped") for _, finished in ended):
        raise typer.Exit(1)


Outcome = tuple["Integration", "Run | None"]


async def _sync(hub: "Hub", names: list[str], tell: Callable[["Integration", "Run | None"], None]) -> list[Outcome]:
    """Run those that are named, and *tell* of each as it ends; where bars are shown, when all have ended."""
    chosen = {one.id: one for one in [await hub.integrations.get(name) for name in names] or await _enabled(hub)}
    slots = asyncio.Semaphore(_AT_ONCE)
    later = watched()
    with bars() as start:

        async def one(integration: "Integration") -> Outcome:
            async with slots:
                finished = await _sync_one(hub, integration, start)
            if not later:
                tell(integration, finished)
            return integration, finished

        ended = await asyncio.gather(*map(one, chosen.values()))
    if later:
        for outcome in ended:
            tell(*outcome)
    return ended


async def _enabled(hub: "Hub") -> list["Integration"]:
    there = await hub.integrations.list()
    enabled = [one for one in reversed(there) if one.enabled]
    if there and not enabled:
        raise InputError("No integration is enabled; enable one with: hub integrations enable NAME")
    if not there:
        raise InputError("There is no integration yet; add one with: hub integrations add CHANNEL --name NAME")
    return enabled


async def _sync_one(hub: "Hub", integration: "Integration", start: Callable[[str], Watch]) -> "Run | None":
    """Run one; a failure is told and ends only this one."""
    try:
        return await hub.sync(
            integration.id, "orders", progress=telling_of_takeover(integration.name, start(integration.name))
        )
    except HubError as error:
        explain(error, "" if integration.name in str(error) else f"{integration.name}: ")
        return None


def telling_of_takeover(name: str, watch: Watch) -> Watch:
    """Watch a run, and say so where another takes its place: its process has died, which was noticed after 8 s."""
    seen: set[int] = set()

    def told(run: "Run") -> None:
        if seen and run.id not in seen:
            complain(f"{name}: The process that was reading it has ended; this one goes on where that stopped.")
        seen.add(run.id)
        watch(run)

    return told


def _tell(integration: "Integration", finished: "Run | None") -> None:
    """Say how a run ended; what failed was told already where it gave no run."""
    if finished is not None:
        say(f"{integration.name}: {_outcome(finished)}")
        sys.stdout.flush()
    _tell_failure(integration, finished)


def _outcome(finished: "Run") -> str:
    counts = finished.counts
    told = (
        f"{counted(counts.read, 'order')} read in {counted(counts.pages, 'page')}: {counts.created:,} new, "
        f"{counts.updated:,} changed, {counts.unchanged:,} as before"
    )
    return f"{told}, {counts.rejected:,} that could not be used" if counts.rejected else told


def _tell_failure(integration: "Integration", finished: "Run | None") -> None:
    """Say what went wrong with a run."""
    if finished is None:
        return
    if finished.counts.rejected:
        complain(
            f"{integration.name}: {counted(finished.counts.rejected, 'order')} could not be used; see: "
            + command("rejects", "--integration", integration.name)
        )
    if finished.state == "failed":
        complain(f"{integration.name}: {finished.error.sentence if finished.error else 'The run failed; try again.'}")
    if finished.state == "stopped":
        complain(f"{integration.name}: The run was stopped before its end; run it again to go on.")
