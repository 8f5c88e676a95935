"""One run of a flow, as whoever works it off sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from hub_core.services.budget import Sending

if TYPE_CHECKING:
    from hub_core.channels.channel import Channel
    from hub_core.channels.store import Store
    from hub_core.domain.runs import Counts, Spent
    from hub_core.services.slices import Slice
    from hub_core.services.telling import Telling
    from hub_core.storage.flows import Lease
    from hub_core.storage.integrations import IntegrationRow


@dataclass(slots=True, kw_only=True)
class FlowRun:
    """One run of a flow: what it works on and how far it has come.

    *rejected* are the records that could not be read so far. *fresh* tells whether this stretch of work brought
    known-good data: a search read to its end, or a store that took what it was told. *sending* are the figures that are
    about to leave. *before* is what the run took in earlier slices, *waited* how long this one waited for the rate
    limit beside its requests.
    """

    channel: Channel
    integration: IntegrationRow
    store: Store
    lease: Lease
    slice: Slice
    counts: Counts
    telling: Telling
    before: Spent
    progress: Callable[[Counts], None]
    sending: Sending = field(default_factory=Sending)
    rejected: set[str] = field(default_factory=set)
    fresh: bool = False
    waited: float = 0.0

    @property
    def run_id(self) -> int:
        """Give the number of the run."""
        return self.telling.run.id

    @property
    def spent(self) -> Spent:
        """Tell what the run took, in all its slices."""
        http = self.store.http
        return self.before.plus(http.calls, http.waited + self.waited)


class FlowWork(Protocol):
    """Working off one kind of flow."""

    async def work(self, run: FlowRun) -> datetime | None:
        """Do all that is due; give when the flow is due again, None where only a change makes it so.

        Raises PausedError where a slice ends, and the errors of the tree.
        """
