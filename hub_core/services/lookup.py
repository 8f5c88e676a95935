"""Finding integrations, by id or by name, and showing how they are doing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.integrations import ConnectionState, Integration
from hub_core.services.health.besides import besides
from hub_core.services.health.showing import shown
from hub_core.services.health.surroundings import Surroundings
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.storage.standings import StandingRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts


class IntegrationLookup:
    """Gives integrations as they are shown."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def _present(self, integration: int | str) -> IntegrationRow:
        """Give one that is not removed."""
        row = await self._row(integration)
        if row.removed_at is not None:
            raise _was_removed(row)
        return row

    async def _reachable(self, integration: int | str) -> IntegrationRow:
        """Give one whose store the hub may ask. Raises ConflictError where it is disabled or not authorised."""
        row = await self._present(integration)
        if row.connection is not ConnectionState.CONNECTED:
            raise ConflictError(f"'{row.name}' is not authorised; run: hub integrations reauthorise '{row.name}'")
        if not row.enabled:
            raise ConflictError(f"'{row.name}' is disabled; run: hub integrations enable '{row.name}'")
        return row

    async def _row(self, integration: int | str) -> IntegrationRow:
        def find(connection: Connection) -> tuple[IntegrationRow | None, list[str]]:
            repository = IntegrationRepository(connection)
            by_id = isinstance(integration, int) or integration.isdecimal()
            row = repository.get(int(integration)) if by_id else repository.named(str(integration))
            return row, [] if row else [one.name for one in repository.find(removed=False, limit=20)]

        row, names = await self._parts.database.read(find)
        if row is None:
            there = "There are: " + ", ".join(f"'{name}'" for name in names) if names else "None has been added yet"
            raise NotFoundError(f"There is no integration '{integration}'. {there}.")
        return row

    async def _shown(self, integration_id: int) -> Integration:
        def one(repository: IntegrationRepository) -> list[IntegrationRow]:
            row = repository.get(integration_id)
            return [] if row is None else [row]

        found = await self._shown_all(one)
        if not found:
            raise NotFoundError(f"There is no integration {integration_id} any more.")
        return found[0]

    async def _shown_all(self, find: Callable[[IntegrationRepository], list[IntegrationRow]]) -> list[Integration]:
        database = self._parts.database

        def read(connection: Connection) -> list[Integration]:
            rows = find(IntegrationRepository(connection))
            ids = [row.id for row in rows]
            flows = defaultdict(list)
            for flow in StandingRepository(connection, database).flows(ids):
                flows[flow.integration_id].append(flow)
            beside = besides(connection, database, ids)
            around, channels = Surroundings.read(connection, database), self._parts.channels
            return [shown(row, flows[row.id], channels, around, beside[row.id]) for row in rows]

        return await database.read(read)


def locked(connection: Connection, row: IntegrationRow) -> IntegrationRow:
    """Give *row* as it is now, for this transaction alone to change: it may have been read minutes ago.

    Raises ConflictError where it was removed meanwhile.
    """
    fresh = IntegrationRepository(connection).lock(row.id)
    if fresh is None or fresh.removed_at is not None:
        raise _was_removed(row)
    return fresh


def _was_removed(row: IntegrationRow) -> ConflictError:
    return ConflictError(f"'{row.name}' was removed; add the store anew.")
