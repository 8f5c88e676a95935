"""Sales reports."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hub_core.domain.errors import InputError
from hub_core.domain.reports import ReportBy, SalesRow
from hub_core.storage.reports import ReportRepository

if TYPE_CHECKING:
    from hub_core.services.parts import Parts


class Reports:
    """Sums up what was sold."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def sales(
        self, by: ReportBy | str = ReportBy.INTEGRATION, since: datetime | None = None, until: datetime | None = None
    ) -> list[SalesRow]:
        """Sum up orders placed from *since* on and before *until*, per currency; cancelled ones are left out."""
        if by not in list(ReportBy):
            known = ", ".join(ReportBy)
            raise InputError(f"There is no report by '{by}'; there are: {known}.", fields={"by": f"must be of {known}"})
        wanted = ReportBy(by)
        return await self._parts.database.read(
            lambda connection: ReportRepository(connection).sales(wanted, since, until)
        )
