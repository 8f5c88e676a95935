"""What stores should be told, as rows: the targets of the listings of some SKUs, whichever stores they are in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, case, exists, func, select, update

from hub_core.domain.integrations import Flow, Rules
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import integrations, listings, pushes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

_TARGETS = BulkWrite(
    pushes,
    columns=(
        "listing_id",
        "flow",
        "integration_id",
        "target",
        "version",
        "raised_at",
        "changed_at",
        "waiting",
        "reason",
        "retry_at",
    ),
    key=("listing_id", "flow"),
    change=("target", "version", "raised_at", "changed_at", "waiting", "reason", "retry_at"),
)


class Told(NamedTuple):
    """A listing with what its store should be told of it until now, as far as a new target depends on it.

    *sku* is None where nothing is told: it has no link, is gone, or its integration was removed.
    """

    listing_id: int
    integration_id: int
    sku: str | None
    fractions: bool
    currency: str | None
    rules: Rules
    target: Decimal | None
    version: int
    raised_at: datetime | None
    waiting: str | None


class NewTarget(NamedTuple):
    """A target as it is written."""

    listing_id: int
    flow: str
    integration_id: int
    target: Decimal | None
    version: int
    raised_at: datetime | None
    changed_at: datetime
    waiting: str | None
    reason: str
    retry_at: None


class TargetRepository:
    """Targets of listings."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def of_skus(self, flow: Flow, skus: Collection[str]) -> list[Told]:
        """Lock, and give, the listings that are linked with *skus*."""
        return self._told(flow, among(self._connection, listings.c.sku, skus))

    def of_listings(self, flow: Flow, ids: Collection[int], *, told: bool) -> list[Told]:
        """Lock, and give, some listings; or only those of them of which a store is *told* something."""
        mine = among(self._connection, listings.c.id, ids)
        own = pushes.alias()
        is_told = exists().where(own.c.listing_id == listings.c.id, own.c.flow == flow.value, own.c.target.is_not(None))
        return self._told(flow, and_(mine, is_told) if told else mine)

    def of_integration(self, flow: Flow, integration_id: int) -> list[Told]:
        """Lock, and give, all listings of an integration."""
        return self._told(flow, listings.c.integration_id == integration_id)

    def _told(self, flow: Flow, which: ColumnElement[bool]) -> list[Told]:
        mine = and_(pushes.c.listing_id == listings.c.id, pushes.c.flow == flow.value)
        statement = (
            select(
                listings.c.id,
                listings.c.integration_id,
                case((listings.c.gone_at.is_(None), listings.c.sku)),
                listings.c.fractions,
                listings.c.currency,
                pushes.c.target,
                func.coalesce(pushes.c.version, 0),
                pushes.c.raised_at,
                pushes.c.waiting,
            )
            .join(pushes, mine, isouter=True)
            .where(which)
            .order_by(listings.c.id)
        )
        self._lock(which)
        rows = self._connection.execute(statement).all()
        rules = self._rules({row[1] for row in rows})
        found = []
        for listing_id, integration_id, sku, fractions, currency, *figure in rows:
            its_rules, is_there = rules[integration_id]
            own = sku if is_there else None
            found.append(Told(listing_id, integration_id, own, fractions, currency, its_rules, *figure))
        return found

    def _rules(self, ids: Collection[int]) -> dict[int, tuple[Rules, bool]]:
        """Give the rules of integrations, and whether they are still there."""
        columns = integrations.c
        statement = select(columns.id, columns.rules, columns.removed_at).where(
            among(self._connection, columns.id, ids)
        )
        return {
            row.id: (Rules.model_validate_json(row.rules), row.removed_at is None)
            for row in self._connection.execute(statement)
        }

    def _lock(self, which: ColumnElement[bool]) -> None:
        """Lock listings before anything of them is read: a statement that waits goes on with what it saw before."""
        if self._connection.dialect.name != "sqlite":  # there, nobody else writes
            ids = select(listings.c.id).where(which).order_by(listings.c.id).with_for_update()
            self._connection.execute(ids).all()

    def write(self, targets: Sequence[NewTarget]) -> None:
        """Write targets of listings that are locked."""
        _TARGETS.write(self._connection, targets)

    def let_go(self, integration_id: int, waits: Collection[Waiting]) -> None:
        """End some waits of an integration's listings, which are looked at anew."""
        columns = pushes.c
        mine = and_(columns.integration_id == integration_id, columns.waiting.in_([wait.value for wait in waits]))
        self._connection.execute(update(pushes).where(mine).values(waiting=None, reason=""))

    def skus_of(self, ids: Collection[int]) -> set[str]:
        """Tell with which SKUs some listings are linked."""
        statement = select(listings.c.sku).where(among(self._connection, listings.c.id, ids)).distinct()
        return set(filter(None, self._connection.execute(statement).scalars()))

    def skus_in(self, integration_id: int) -> set[str]:
        """Tell with which SKUs the listings of an integration are linked."""
        statement = select(listings.c.sku).where(listings.c.integration_id == integration_id).distinct()
        return set(filter(None, self._connection.execute(statement).scalars()))
