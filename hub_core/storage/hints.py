"""The orders that stores hinted at, until they were looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, or_, select

from hub_core.storage.tables import hints
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

MOST: Final = 1000
"""Orders that are kept for one integration; whatever else is hinted at meanwhile, the polls find."""
_SOME: Final = (
    select(hints.c.external_id, hints.c.version)
    .where(hints.c.integration_id == bindparam("integration"))
    .order_by(hints.c.external_id)
    .limit(bindparam("most"))
)
"""Made once, since every poll asks for it, and making it takes longer than the database needs."""


class Hint(NamedTuple):
    """An order to look at again, and how often it was hinted at since it was last looked at."""

    external_id: str
    version: int


class HintRepository:
    """The hints of one integration."""

    def __init__(self, connection: Connection, integration_id: int) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._integration_id = integration_id

    def add(self, external_ids: Collection[str]) -> None:
        """Note orders, as far as there is room for them; one that is noted already is looked at again all the same."""
        self._mark(external_ids)
        room = MOST - self._count()
        rows = [{"integration_id": self._integration_id, "external_id": one} for one in sorted(external_ids)]
        if rows[:room] and room > 0:
            self._connection.execute(insert_new(self._connection, hints), rows[:room])

    def _mark(self, external_ids: Collection[str]) -> None:
        noted = and_(self._mine, hints.c.external_id.in_(external_ids))
        self._connection.execute(hints.update().where(noted).values(version=hints.c.version + 1))

    def some(self, limit: int) -> list[Hint]:
        """Give some that were not looked at since."""
        rows = self._connection.execute(_SOME, {"integration": self._integration_id, "most": limit})
        return [Hint._make(row) for row in rows]

    def done(self, looked_at: Sequence[Hint]) -> None:
        """Forget those that were looked at, but for any that was hinted at again meanwhile."""
        if looked_at:
            columns = hints.c
            same = [and_(columns.external_id == one.external_id, columns.version == one.version) for one in looked_at]
            self._connection.execute(delete(hints).where(self._mine, or_(*same)))

    def _count(self) -> int:
        return int(self._connection.execute(select(func.count()).select_from(hints).where(self._mine)).scalar_one())

    @property
    def _mine(self) -> ColumnElement[bool]:
        return hints.c.integration_id == self._integration_id
