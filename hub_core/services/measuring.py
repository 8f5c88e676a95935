"""Everything about the hub that is a number: all of it from rows, so that any of its processes can tell it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from hub_core.domain.totals import Totals
from hub_core.services.overview import Overview, Seen
from hub_core.storage.events import EventRepository
from hub_core.storage.overview import OverviewRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts


class Measured(NamedTuple):
    """The numbers at one moment.

    *totals* are kept by integration and flow, *due* is how many flows wait, since when, *refusals* are those of the
    stores of each channel.
    """

    seen: Seen
    totals: Mapping[tuple[int, str], Totals]
    due: tuple[int, datetime | None]
    refusals: Mapping[str, int]
    newest_event: int
    database_bytes: int


async def measure(parts: Parts) -> Measured:
    """Measure, in a number of statements that does not grow. Raises StorageError where the database does not answer."""
    database, overview = parts.database, Overview(parts)

    def read(connection: Connection) -> Measured:
        rows = OverviewRepository(connection, database)
        return Measured(
            overview.look(connection),
            {(one, flow): Totals.read(document) for one, flow, document in rows.totals()},
            rows.due(),
            rows.refusals(),
            EventRepository(connection).newest(),
            rows.size(),
        )

    return await database.snapshot(read)
