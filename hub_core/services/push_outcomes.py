"""What came of figures that were sent, stored as the store tells it: one transaction for each answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from hub_core.domain.errors import FlowClosedError
from hub_core.domain.events import NewEvent
from hub_core.domain.pushes import Accepted, Outcome, Refused, RetryLater, Submitted, Waiting
from hub_core.domain.runs import Counts
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listings import ListingRepository
from hub_core.storage.pushes import PushRepository, Sent, Unsettled
from hub_core.storage.runs import RunRepository

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
_Told: TypeAlias = tuple[Sent, Outcome]


@dataclass(frozen=True, slots=True)
class PushOutcomes:
    """Stores outcomes of one kind of figure."""

    parts: Parts
    kind: PushKind

    async def store(self, run: FlowRun, outcomes: Sequence[Outcome], sent: MutableMapping[str, Sent]) -> None:
        """Store *outcomes* of what was *sent*, by external id, and take that out; others were not asked for.

        Raises LeaseLostError, and then has written nothing, and FlowClosedError after all is written.
        """
        told = [(sent.pop(one.listing), one) for one in outcomes if one.listing in sent]
        if not told:
            return
        now = self.parts.clock.now()
        still_open = await self.parts.database.write(lambda connection: self._store(connection, run, told, now))
        run.progress(run.counts)
        if not still_open:
            raise FlowClosedError

    def _store(self, connection: Connection, run: FlowRun, told: Sequence[_Told], now: datetime) -> bool:
        still_open = FlowRepository(connection, self.parts.database).fence(run.lease)
        at = run.lease.now(self.parts.clock)
        rows = PushRepository(connection, run.integration.id, self.kind.flow)
        ListingRepository(connection).lock([sent.listing_id for sent, _ in told])
        rows.accept([sent.listing_id for sent, outcome in told if isinstance(outcome, Accepted)], at)
        rows.unsettle([_unsettled(*one, at) for one in told if not isinstance(one[1], Accepted)], at)
        run.counts = run.counts.plus(_counts([outcome for _, outcome in told]))
        RunRepository(connection).progress(run.run_id, run.counts, run.api_calls)
        EventRepository(connection).record(
            [self._event(run, *one) for one in told if isinstance(one[1], Accepted | Refused)], now
        )
        return still_open

    def _event(self, run: FlowRun, sent: Sent, outcome: Outcome) -> NewEvent:
        data = {
            "listing": sent.listing_id,
            "external_id": sent.external_id,
            "from": None if sent.expected is None else str(sent.expected),
            "to": None if sent.value is None else str(sent.value),
        }
        what = "pushed"
        if isinstance(outcome, Refused):
            what = "failed"
            data["reason"] = _reason(outcome)
        return NewEvent(f"{self.kind.events}.{what}", run.integration.id, None, sent.sku, data)


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
