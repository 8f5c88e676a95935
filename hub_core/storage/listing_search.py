"""Looking for listings: how each stands is told by the database, so that it can be asked for too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import Field
from sqlalchemy import and_, case, exists, or_, select

from hub_core.domain.fact import Fact
from hub_core.domain.integrations import Flow
from hub_core.domain.listings import Figure, ListingState, StoredListing, Tie
from hub_core.domain.money import money
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among
from hub_core.storage.tables import integrations, listings, pushes, stock_levels

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from hub_core.domain.money import Money

_STOCK, _PRICES = pushes.alias("stock"), pushes.alias("prices")
_TWIN = listings.alias("twin")
_FIGURE: Final = ("target", "expected", "acknowledged", "waiting", "reason", "sent_at")
_UNMATCHED_REASON: Final = "It is linked with no SKU of the hub, so its store is told nothing; link it."
_AMBIGUOUS_REASON: Final = (
    "Several listings of this store bear the SKU '{}', so the hub cannot tell which it is; link it."
)


class ListingFilter(Fact):
    """Which listings are looked for; *sku* is the hub's or the store's own. Those that are *gone* are left out."""

    integration: int | None = Field(default=None, ge=1)
    sku: str | None = None
    state: ListingState | None = None
    unmatched: bool = False
    gone: bool = False


class _Held(NamedTuple):
    """What may be true of either figure of a listing."""

    waits: tuple[Waiting, ...]
    state: ListingState


_WAITS: Final = (
    _Held((Waiting.CONFIRMATION, Waiting.LIMIT), ListingState.HELD),
    _Held((Waiting.REFUSED,), ListingState.REFUSED),
    _Held((Waiting.RETRY,), ListingState.FAILED),
)


class ListingSearch:
    """Finds listings, with their figures."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def find(self, which: ListingFilter, after: int | None, limit: int) -> list[StoredListing]:
        """List up to *limit* listings, the newest first, from the one with the id *after* on."""
        statement = _select().where(*_conditions(which)).order_by(listings.c.id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(listings.c.id < after)
        return [_listing(row) for row in self._connection.execute(statement)]

    def get(self, listing_id: int) -> StoredListing | None:
        """Give one listing, also one that is gone."""
        row = self._connection.execute(_select().where(listings.c.id == listing_id)).first()
        return None if row is None else _listing(row)

    def heard(self, skus: Collection[str]) -> set[str]:
        """Give those of *skus* that stock was ever kept of, or that a listing of a store bears."""
        there = (listings.c.gone_at.is_(None), integrations.c.removed_at.is_(None))
        found: set[str] = set(
            self._connection.scalars(
                select(stock_levels.c.sku).where(among(self._connection, stock_levels.c.sku, skus))
            )
        )
        for column in (listings.c.sku, listings.c.store_sku):
            statement = (
                select(column)
                .join(integrations, integrations.c.id == listings.c.integration_id)
                .where(among(self._connection, column, skus), *there)
            )
            found.update(self._connection.scalars(statement))
        return found


def _select() -> Select[Any]:
    figures = [
        table.c[name].label(f"{table.name}_{name}")
        for table in (_STOCK, _PRICES)
        for name in ("listing_id", *_FIGURE, "drifted_at")
    ]
    return (
        select(listings, _state().label("state"), *figures)
        .join(integrations, integrations.c.id == listings.c.integration_id)
        .join(_STOCK, and_(_STOCK.c.listing_id == listings.c.id, _STOCK.c.flow == Flow.STOCK.value), isouter=True)
        .join(_PRICES, and_(_PRICES.c.listing_id == listings.c.id, _PRICES.c.flow == Flow.PRICES.value), isouter=True)
    )


def _conditions(which: ListingFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.integration is None:
        found.append(integrations.c.removed_at.is_(None))
    else:
        found.append(listings.c.integration_id == which.integration)
    if not which.gone:
        found.append(listings.c.gone_at.is_(None))
    if which.sku is not None:
        found.append(or_(listings.c.sku == which.sku, listings.c.store_sku == which.sku))
    if which.unmatched:
        found.append(listings.c.sku.is_(None))
    if which.state is not None:
        found.append(_state() == which.state.value)
    return found


def _state() -> ColumnElement[str]:
    twin = exists().where(
        _TWIN.c.integration_id == listings.c.integration_id,
        _TWIN.c.store_sku == listings.c.store_sku,
        _TWIN.c.id != listings.c.id,
        _TWIN.c.gone_at.is_(None),
    )
    untied = listings.c.sku.is_(None)
    ambiguous = and_(untied, listings.c.tie == Tie.NONE.value, twin)
    return case(
        (ambiguous, ListingState.AMBIGUOUS.value),
        (untied, ListingState.UNMATCHED.value),
        (or_(_drifted(_STOCK), _drifted(_PRICES)), ListingState.DRIFTED.value),
        *(
            (or_(*(table.c.waiting.in_([one.value for one in held.waits]) for table in (_STOCK, _PRICES))), held.state)
            for held in _WAITS
        ),
        (or_(_differs(_STOCK), _differs(_PRICES)), ListingState.PENDING.value),
        else_=ListingState.IN_STEP.value,
    )


def _differs(table: Any) -> ColumnElement[bool]:
    unequal = or_(table.c.in_flight, table.c.expected.is_(None), table.c.expected != table.c.target)
    return and_(table.c.target.is_not(None), unequal)


def _drifted(table: Any) -> ColumnElement[bool]:
    return and_(table.c.drifted_at.is_not(None), _differs(table))


def _listing(row: Row[Any]) -> StoredListing:
    state = ListingState(row.state)
    stock, prices = _figure(row, "stock"), _figure(row, "prices")
    return StoredListing(
        id=row.id,
        integration_id=row.integration_id,
        external_id=row.external_id,
        parent=row.parent,
        name=row.name,
        sku=row.sku,
        store_sku=row.store_sku,
        tie=Tie(row.tie),
        state=state,
        reason=_reason(state, row, stock, prices),
        published=row.published,
        price=_money(row.price, row.currency),
        sale_price=_money(row.sale_price, row.currency),
        stock=stock,
        prices=prices,
        seen_at=row.seen_at,
        gone_at=row.gone_at,
    )


def _reason(state: ListingState, row: Row[Any], *figures: Figure | None) -> str:
    if state is ListingState.UNMATCHED:
        return _UNMATCHED_REASON
    if state is ListingState.AMBIGUOUS:
        return _AMBIGUOUS_REASON.format(row.store_sku)
    waits = {wait.value for held in _WAITS if held.state is state for wait in held.waits}
    told = [figure for figure in figures if figure is not None and figure.reason]
    fit = [figure.reason for figure in told if figure.waiting in waits] or [figure.reason for figure in told]
    return "" if state is ListingState.IN_STEP else next(iter(fit), "")


def _figure(row: Row[Any], table: str) -> Figure | None:
    values = row._mapping  # noqa: SLF001 - the documented way to a mapping
    if values[f"{table}_listing_id"] is None:
        return None
    return Figure(**{name: values[f"{table}_{name}"] for name in _FIGURE})


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else money(amount, currency)
