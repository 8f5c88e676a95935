"""Running flows of many stores: kind after kind, the stores side by side."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub_core.cli.faults import explain
from hub_core.cli.output import complain
from hub_core.cli.progress import Watch, bars, watched
from hub_core.cli.syncing.choosing import KINDS, chosen, kinds_of
from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from hub_core.domain.fulfilments import StoredFulfilment
    from hub_core.domain.integrations import Integration
    from hub_core.domain.listings import Figure, StoredListing
    from hub_core.domain.runs import Run
    from hub_core.hub import Hub

_AT_ONCE = 4
"""Stores are asked side by side, since each has a rate limit of its own; more would wait for the database."""
_REASONS = 20
_STUCK = ("refused", "held")
_FIGURES: "dict[str, Callable[[StoredListing], Figure | None]]" = {
    "stock": lambda listing: listing.stock,
    "prices": lambda listing: listing.prices,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; without one, why was told already.

    *stuck* are listings that were not told something, *unknown* are parcels of which a person must decide.
    """

    integration: "Integration"
    run: "Run | None"
    stuck: "tuple[StoredListing, ...]" = ()
    unknown: "tuple[StoredFulfilment, ...]" = ()

    @property
    def failed(self) -> bool:
        """Tell whether somebody must look at it."""
        run = self.run
        if run is None or run.error is not None or self.unknown:
            return True
        return run.state in ("failed", "stopped") or run.counts.refused > 0


Tell = Callable[[Ended], None]


async def sync_all(hub: "Hub", names: list[str], wanted: list[str], tell: Tell) -> list[Ended]:
    """Run what is *wanted*, and *tell* of each as it ends; where bars are shown, when all have ended."""
    integrations = await chosen(hub, names)
    work = {one.id: kinds_of(one, wanted, named=bool(names)) for one in integrations}
    later = watched()
    ended: list[Ended] = []
    with bars() as start:
        rounds = _Rounds(hub, start, (lambda _: None) if later else tell)
        for kind in KINDS:
            ended += await rounds.run([one for one in integrations if kind in work[one.id]], kind)
    if later:
        for one in ended:
            tell(one)
    return ended


class _Rounds:
    """Runs one kind for all stores at a time, so that what is sold in one is known before another is told."""

    def __init__(self, hub: "Hub", start: Callable[[str], Watch], tell: Tell) -> None:
        self._hub = hub
        self._start = start
        self._tell = tell
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._out: set[int] = set()

    async def run(self, integrations: list["Integration"], kind: str) -> list[Ended]:
        """Run it for those that could be asked so far."""
        return await asyncio.gather(*(self._one(one, kind) for one in integrations if one.id not in self._out))

    async def _one(self, integration: "Integration", kind: str) -> Ended:
        async with self._slots:
            ended = await self._ended(integration, kind)
        if ended.run is None:
            self._out.add(integration.id)
        self._tell(ended)
        return ended

    async def _ended(self, integration: "Integration", kind: str) -> Ended:
        """Run one; a failure is told and ends only what this store has to do."""
        watch = telling_of_takeover(integration.name, self._start(f"{integration.name}: {kind}"))
        try:
            run = await self._hub.sync(integration.id, kind, progress=watch)
            return Ended(integration, run, await self._stuck(run), await self._unknown(run))
        except HubError as error:
            explain(error, "" if integration.name in str(error) else f"{integration.name}: ")
            return Ended(integration, None)

    async def _stuck(self, run: "Run") -> "tuple[StoredListing, ...]":
        """Give some of those that are not told what they should be until somebody does something."""
        found: list[StoredListing] = []
        for state in _STUCK if run.kind in _FIGURES else ():
            listings = self._hub.listings.find(integration=run.integration_id, state=state, limit=_REASONS)
            found += [one async for one in listings if is_stuck(_FIGURES[run.kind](one))]
        return tuple(found)

    async def _unknown(self, run: "Run") -> "tuple[StoredFulfilment, ...]":
        """Give some of the parcels of which nobody knows whether the store was told."""
        if run.kind != "fulfilment":
            return ()
        from hub_core.domain.fulfilments import FulfilmentState
        from hub_core.storage.fulfilments import FulfilmentFilter

        which = FulfilmentFilter(run.integration_id, state=FulfilmentState.UNKNOWN, limit=_REASONS)
        return tuple(await self._hub.fulfilments.page(which))


def is_stuck(figure: "Figure | None") -> bool:
    """Tell whether a figure waits for a person."""
    return figure is not None and figure.waiting in ("refused", "confirmation", "limit")


def telling_of_takeover(name: str, watch: Watch) -> Watch:
    """Watch a run, and say so where another takes its place: its process has died, which was noticed after 8 s.

    A run of another kind comes between where stock waits for the orders, which are read then.
    """
    last: list[Run] = []

    def told(run: "Run") -> None:
        if last and last[0].kind == run.kind and last[0].id != run.id:
            complain(f"{name}: The process that was at it has ended; this one goes on where that stopped.")
        last[:] = [run]
        watch(run)

    return told
