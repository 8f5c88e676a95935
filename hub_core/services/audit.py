"""Looking at who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.storage.audit import AuditRepository

if TYPE_CHECKING:
    from hub_core.domain.audit import AuditRow
    from hub_core.services.parts import Parts


class Audit:
    """Shows the changes that people, tokens, commands, programs and plugins have made."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, *, after: int = 0, limit: int = 50) -> list[AuditRow]:
        """List up to *limit* changes later than the one with the id *after*, oldest first."""
        return await self._parts.database.read(lambda connection: AuditRepository(connection).after(after, limit))

    async def newest(self) -> int:
        """Tell the id of the newest change, 0 where there is none; ids have no gaps."""
        return await self._parts.database.read(lambda connection: AuditRepository(connection).newest())
