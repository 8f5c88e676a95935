"""What came of figures that were sent, stored as the store tells it: one transaction for each answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from hub_core.domain.errors import FlowClosedError
from hub_core.domain.events import NewEvent
from hub_core.domain.pushes import Accepted, Outcome, Refused, RetryLater, Submitted, Waiting
from hub_core.domain.runs import Counts
from hub_core.domain.stock import plain
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listings import ListingRepository
from hub_core.storage.pushes import Answered, PushRepository, Sent
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


@dataclass(frozen=True, slots=True)
class PushOutcomes:
    """Stores outcomes of one kind of figure."""

    parts: Parts
    kind: PushKind

    async def store(self, run: FlowRun, outcomes: Sequence[Outcome], ids: Mapping[str, int]) -> None:
        """Store *outcomes* of the listings whose *ids* are given by external id; others were not asked for.

        Raises LeaseLostError, and then has written nothing, and FlowClosedError after all is written.
        """
        told = {ids[one.listing]: one for one in reversed(outcomes) if one.listing in ids}
        if not told:
            return
        now = self.parts.clock.now()
        still_open = await self.parts.database.write(lambda connection: self._store(connection, run, told, now))
        run.progress(run.counts)
        if not still_open:
            raise FlowClosedError

    def _store(self, connection: Connection, run: FlowRun, told: Mapping[int, Outcome], now: datetime) -> bool:
        still_open = FlowRepository(connection, self.parts.database).fence(run.lease)
        ended_at = run.lease.now(self.parts.clock)
        rows = PushRepository(connection, run.integration.id, self.kind.flow)
        ListingRepository(connection).lock(told)
        results = [_result(row, told[row.listing_id], ended_at) for row in rows.sent(told)]
        rows.answer([self._row(run, result, ended_at) for result in results])
        run.counts = run.counts.plus(_counts(list(told.values())))
        RunRepository(connection).progress(run.run_id, run.counts, run.api_calls)
        EventRepository(connection).record(
            [self._event(run, result) for result in results if result.event is not None], now
        )
        return still_open

    def _row(self, run: FlowRun, result: _Result, ended_at: datetime) -> Answered:
        return Answered(
            result.sent.listing_id,
            self.kind.flow.value,
            run.integration.id,
            result.acknowledged,
            result.expected,
            result.waiting is Waiting.RECEIPT,
            ended_at,
            result.waiting and result.waiting.value,
            result.reason,
            result.retry_at,
            result.receipt,
        )

    def _event(self, run: FlowRun, result: _Result) -> NewEvent:
        sent = result.sent
        data = {
            "listing": sent.listing_id,
            "external_id": sent.external_id,
            "from": None if sent.expected is None else str(plain(sent.expected)),
            "to": None if sent.sent_value is None else str(plain(sent.sent_value)),
            **({"reason": result.reason} if result.reason else {}),
        }
        return NewEvent(f"{self.kind.events}.{result.event}", run.integration.id, None, sent.sku, data)


class _Result(NamedTuple):
    sent: Sent
    acknowledged: Decimal | None
    expected: Decimal | None
    event: str | None = None
    waiting: Waiting | None = None
    reason: str = ""
    retry_at: datetime | None = None
    receipt: str | None = None


def _result(sent: Sent, outcome: Outcome, now: datetime) -> _Result:
    """Tell what an outcome means; it counts for the figure that was sent, so a newer one is simply due."""
    as_it_was = _Result(sent, sent.acknowledged, sent.expected)
    is_newest = sent.version == sent.sent_version
    if isinstance(outcome, Accepted):
        return _Result(sent, sent.sent_value, sent.sent_value, "pushed")
    if isinstance(outcome, Submitted):
        later = now + timedelta(seconds=RECEIPT_SECONDS)
        return as_it_was._replace(waiting=Waiting.RECEIPT, retry_at=later, receipt=json.dumps(outcome.receipt))
    reason = outcome.reason[:_LONGEST_REASON].replace("\0", " ")
    if isinstance(outcome, Refused):
        failed = as_it_was._replace(event="failed", reason=reason)
        return failed._replace(waiting=Waiting.REFUSED) if is_newest else failed
    if not is_newest:
        return as_it_was
    seconds = RETRY_SECONDS if outcome.seconds is None else max(outcome.seconds, 1.0)
    return as_it_was._replace(waiting=Waiting.RETRY, reason=reason, retry_at=now + timedelta(seconds=seconds))


def _counts(outcomes: Sequence[Outcome]) -> Counts:
    def count(kind: type[Outcome]) -> int:
        return sum(isinstance(outcome, kind) for outcome in outcomes)

    return Counts(
        accepted=count(Accepted), refused=count(Refused), submitted=count(Submitted), retried=count(RetryLater)
    )
