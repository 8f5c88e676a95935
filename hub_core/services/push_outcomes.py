"""What came of figures that were sent, stored as the store tells it: one transaction for each answer of several."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from hub_core.domain.errors import FlowClosedError
from hub_core.domain.events import NewEvent, from_to, of_listing
from hub_core.domain.pushes import Accepted, Outcome, Refused, RetryLater, Submitted, Waiting
from hub_core.domain.runs import Counts
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listings import ListingRepository
from hub_core.storage.push_rows import Sent, Unsettled
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts
    from hub_core.services.push_kind import PushKind

RETRY_SECONDS: Final = 30.0
"""After which what a store could not take is tried again, where it does not say."""
RECEIPT_SECONDS: Final = 30.0
"""After which a store is asked for the answer that it promised."""
_LONGEST_REASON: Final = 500


class Told(NamedTuple):
    """What a store told of a figure."""

    sent: Sent
    outcome: Outcome


@dataclass(slots=True)
class PushOutcomes:
    """Stores outcomes of one kind of figure during one run.

    Those that end a batch are *kept* until the next is picked, and stored in its transaction; whoever does something
    else first, or ends, flushes them.
    """

    parts: Parts
    kind: PushKind
    run: FlowRun
    kept: list[Told] = field(default_factory=list)

    async def store(self, outcomes: Sequence[Outcome], sent: MutableMapping[str, Sent]) -> None:
        """Store *outcomes* of what was *sent*, by external id, and take that out; others were not asked for.

        The last ones are kept. Raises LeaseLostError, and then has written nothing, and FlowClosedError after all is
        written.
        """
        self.kept += [Told(sent.pop(one.listing), one) for one in outcomes if one.listing in sent]
        if sent:
            await self.flush()

    async def flush(self) -> None:
        """Store what is kept. Raises like `store`."""
        told, now = self.take(), self.parts.clock.now()
        if not told:
            return

        def store(connection: Connection) -> bool:
            still_open = FlowRepository(connection, self.parts.database).fence(self.run.lease)
            ListingRepository(connection).lock([sent.listing_id for sent, _ in told])
            EventRepository(connection).record(self.write(connection, told), now)
            return still_open

        still_open = await self.parts.database.write(store)
        self.run.progress(self.run.counts)
        if not still_open:
            raise FlowClosedError

    def take(self) -> list[Told]:
        """Give what is kept to whoever writes it now; if that fails nobody knows what the store has, as is noted."""
        told, self.kept = self.kept, []
        return told

    def write(self, connection: Connection, told: Sequence[Told]) -> list[NewEvent]:
        """Write outcomes of listings that are locked, and give the events to record."""
        run, at = self.run, self.run.lease.now(self.parts.clock)
        rows = PushRepository(connection, run.integration.id, self.kind.flow)
        rows.accept([sent.listing_id for sent, outcome in told if isinstance(outcome, Accepted)], at)
        rows.unsettle([_unsettled(*one, at) for one in told if not isinstance(one.outcome, Accepted)], at)
        run.counts = run.counts.plus(_counts([outcome for _, outcome in told]))
        news = run.telling.page(connection, run.counts, run.spent, news=True)
        return [*(self._event(*one) for one in told if isinstance(one.outcome, (Accepted, Refused))), *news]

    def _event(self, sent: Sent, outcome: Outcome) -> NewEvent:
        data, what = from_to(sent.expected, sent.value), "pushed"
        if isinstance(outcome, Refused):
            data["reason"], what = _reason(outcome), "failed"
        listing = (sent.listing_id, sent.external_id, sent.sku)
        return of_listing(f"{self.kind.events}.{what}", self.run.integration.id, listing, **data)


def _unsettled(sent: Sent, outcome: Outcome, now: datetime) -> Unsettled:
    """Tell what an outcome means that is no acceptance."""
    if isinstance(outcome, Submitted):
        later = now + timedelta(seconds=RECEIPT_SECONDS)
        return Unsettled(sent.listing_id, Waiting.RECEIPT, retry_at=later, receipt=json.dumps(outcome.receipt))
    if isinstance(outcome, RetryLater):
        seconds = RETRY_SECONDS if outcome.seconds is None else max(outcome.seconds, 1.0)
        return Unsettled(sent.listing_id, Waiting.RETRY, _reason(outcome), now + timedelta(seconds=seconds))
    assert isinstance(outcome, Refused)  # noqa: S101 - what was accepted is not asked about
    return Unsettled(sent.listing_id, Waiting.REFUSED, _reason(outcome))


def _reason(outcome: Refused | RetryLater) -> str:
    return outcome.reason[:_LONGEST_REASON].replace("\0", " ")


def _counts(outcomes: Sequence[Outcome]) -> Counts:
    counted = Counter(type(outcome) for outcome in outcomes)
    return Counts(
        accepted=counted[Accepted],
        refused=counted[Refused],
        submitted=counted[Submitted],
        retried=counted[RetryLater],
    )
