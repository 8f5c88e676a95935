"""How a run ends in the database: the run, the flow and, where the store let us out, the integration, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import ConnectionState
from hub_core.domain.runs import Counts, Run, RunError, RunState
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository, Lease
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stretch of work ended. Without a *state* the run only pauses; *wait* tells when the flow is due again."""

    state: RunState | None
    counts: Counts
    api_calls: int
    wait: timedelta
    error: RunError | None = None
    stops_integration: bool = False

    @property
    def good(self) -> bool:
        """Tell whether the data of the flow is fresh after this."""
        return self.state in (RunState.SUCCEEDED, RunState.PARTIAL)

    @property
    def quiet(self) -> bool:
        """Tell whether nothing was found."""
        counts = self.counts
        return self.state is RunState.SUCCEEDED and counts.created == counts.updated == 0


class Endings:
    """Writes endings, each in one transaction that fails as a whole where the lease is lost."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def write(self, lease: Lease, run: Run, ending: Ending) -> None:
        """Release the flow and end or pause its run. Raises LeaseLostError."""
        now = self._parts.clock.now()

        def write(connection: Connection) -> None:
            flows = FlowRepository(connection, self._parts.database)
            flows.release(lease, ending.wait, **self._flow_values(lease, ending, now))
            runs = RunRepository(connection)
            runs.progress(run.id, ending.counts, ending.api_calls)
            if ending.state is not None:
                runs.finish(run.id, ending.state, now, ending.error)
            if ending.quiet and runs.hush(run.id):
                flows.count_quiet_run(lease)
            if ending.stops_integration and ending.error is not None:
                self._stop_integration(connection, lease, ending.error, now)

        await self._parts.database.write(write)

    def _flow_values(self, lease: Lease, ending: Ending, now: datetime) -> dict[str, Any]:
        if ending.good:
            return {
                "last_success_at": now,
                "failures": 0,
                "problem_code": None,
                "problem_sentence": None,
                "problem_since": None,
            }
        if ending.error is None:
            return {}
        return {
            "failures": lease.failures + 1,
            "problem_code": ending.error.code,
            "problem_sentence": ending.error.sentence,
            **({"problem_since": now} if lease.failures == 0 else {}),
        }

    def _stop_integration(self, connection: Connection, lease: Lease, error: RunError, now: datetime) -> None:
        """Close all flows of an integration whose store no longer lets the hub in, and say so once."""
        FlowRepository(connection, self._parts.database).close(lease.integration_id)
        IntegrationRepository(connection).change(
            lease.integration_id,
            connection=ConnectionState.NEEDS_REAUTHORIZATION.value,
            problem_code=error.code,
            problem_sentence=error.sentence,
            problem_since=now,
        )
        event = NewEvent(
            type="integration.needs_reauthorization",
            integration_id=lease.integration_id,
            data={"sentence": error.sentence},
        )
        EventRepository(connection).record([event], now)
