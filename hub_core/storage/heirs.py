"""Listings of a store that is connected anew, beside what people had decided of them under an earlier identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, select, update

from hub_core.domain.listings import Tie
from hub_core.storage.among import among
from hub_core.storage.tables import listings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection


class Heir(NamedTuple):
    """A listing with the SKU it is linked with now, and the decision that a person had made before."""

    listing_id: int
    before: str | None
    sku: str | None
    tie: str


class HeirRepository:
    """What one integration may take over from those that held its store *earlier*."""

    def __init__(self, connection: Connection, integration_id: int, earlier: Collection[int]) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._integration_id = integration_id
        self._earlier = earlier

    def find(self) -> list[Heir]:
        """List the listings whose link a person had made or cut, and nobody has since; the latest decision counts."""
        was = listings.alias("was")
        statement = (
            select(listings.c.id, listings.c.sku, was.c.sku, was.c.tie)
            .join(was, was.c.external_id == listings.c.external_id)
            .where(
                listings.c.integration_id == self._integration_id,
                listings.c.gone_at.is_(None),
                listings.c.tie.in_([Tie.NONE.value, Tie.HUB.value]),
                among(self._connection, was.c.integration_id, self._earlier),
                was.c.tie.in_([Tie.PERSON.value, Tie.CUT.value]),
            )
            .order_by(listings.c.id, was.c.integration_id)
        )
        latest = {row[0]: Heir._make(row) for row in self._connection.execute(statement)}
        return list(latest.values())

    def tie(self, heirs: Sequence[Heir]) -> None:
        """Let listings, which are locked, have what was decided."""
        if heirs:
            mine = update(listings).where(listings.c.id == bindparam("heir"))
            rows = [{"heir": one.listing_id, "new_sku": one.sku, "new_tie": one.tie} for one in heirs]
            self._connection.execute(mine.values(sku=bindparam("new_sku"), tie=bindparam("new_tie")), rows)
