"""The hub as a whole: whether it works, and how everything in it is doing."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from hub_core.domain.errors import BudgetError, NotReadyError
from hub_core.services.health.freshness import GRACE
from hub_core.storage.overview import OverviewRepository
from hub_core.storage.processes import ProcessRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub_core.domain.integrations import Integration
    from hub_core.domain.status import HubStatus
    from hub_core.services.health.surroundings import Surroundings
    from hub_core.services.parts import Parts
    from hub_core.storage.overview import LimitedBudget

_PASSING = (BudgetError.code, NotReadyError.code)


class Seen(NamedTuple):
    """Everything that there is to be seen, at one moment."""

    integrations: Sequence[Integration]
    around: Surroundings
    budgets: Sequence[LimitedBudget]
    waiting: dict[Any, int]
    rejects: dict[int, int]


class Overview:
    """Looks at everything in a number of statements that does not grow with it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def health(self) -> dict[str, Any]:
        """Tell in numbers whether the hub works: for monitors, often asked, and without a name in it.

        Raises StorageError where the database does not answer.
        """
        database, channels = self._parts.database, self._parts.channels

        def read(connection: Connection) -> dict[str, Any]:
            rows = OverviewRepository(connection, database)
            tally, overdue = rows.tally(list(channels.channels), _PASSING), rows.is_overdue(GRACE)
            processes = len(ProcessRepository(connection, database).there())
            is_unattended = overdue and not processes
            bad = tally.failing or tally.late or channels.faults or is_unattended
            return {
                "status": "degraded" if bad else "ok",
                "database": "ok",
                "integrations": tally.integrations,
                "late": tally.late,
                "failing": tally.failing,
                "faulty_plugins": len(channels.faults),
                "processes": processes,
                "unattended": is_unattended,
            }

        return await database.read(read)

    async def status(self) -> HubStatus:
        """Tell how everything is doing. Raises StorageError where the database does not answer."""
        from hub_core.services.status_report import report  # noqa: PLC0415 - /health goes without it

        return report(await self.seen(), self._parts)

    async def seen(self) -> Seen:
        """Look at everything."""
        database = self._parts.database
        return await database.snapshot(self.look)

    def look(self, connection: Connection) -> Seen:
        """Look at everything within a transaction."""
        from hub_core.services.health.besides import besides  # noqa: PLC0415 - /health goes without it
        from hub_core.services.health.showing import shown  # noqa: PLC0415
        from hub_core.services.health.surroundings import Surroundings  # noqa: PLC0415
        from hub_core.storage.integrations import IntegrationRepository  # noqa: PLC0415
        from hub_core.storage.standings import StandingRepository  # noqa: PLC0415

        database, flows = self._parts.database, defaultdict(list)
        integrations = IntegrationRepository(connection).find(removed=False)
        for flow in StandingRepository(connection, database).flows():
            flows[flow.integration_id].append(flow)
        beside = besides(connection, database, [row.id for row in integrations])
        around, rows = Surroundings.read(connection, database), OverviewRepository(connection, database)
        return Seen(
            [shown(row, flows[row.id], self._parts.channels, around, beside[row.id]) for row in integrations],
            around,
            rows.limited_budgets(),
            rows.waiting(),
            rows.open_rejects(),
        )
