"""Why every store is told what it is told: the whole reckoning of one SKU, as figures and in words."""

from __future__ import annotations

from decimal import Decimal

from pydantic import AwareDatetime, computed_field

from hub_core.domain.fact import Fact
from hub_core.domain.stock import NOTHING


class ExplainedMovement(Fact):
    """One change since the level was set. *late*: the order was placed before that, but the hub learnt of it after.

    It is not known any more *at* which moment it was once its event is no longer kept.
    """

    event: int
    at: AwareDatetime | None
    units: Decimal
    cause: str
    integration: str | None = None
    order: str | None = None
    order_id: int | None = None
    late: bool = False


class ExplainedListing(Fact):
    """What one listing of a store is told of the SKU: *available* less *buffer*, at most *maximum*, never below 0.

    *told* is None where nothing is told; *sentence* says how it stands and what happens next.
    """

    integration: str
    integration_id: int
    listing: str
    listing_id: int
    buffer: Decimal
    maximum: Decimal | None
    whole_units: bool
    told: Decimal | None
    expected: Decimal | None
    acknowledged: Decimal | None
    sentence: str


class Explanation(Fact):
    """The reckoning of one SKU. Of very many movements the newest are listed; *earlier* is the sum of all others."""

    sku: str
    level: Decimal | None
    after_event: int | None
    set_at: AwareDatetime | None
    movements: tuple[ExplainedMovement, ...]
    earlier: Decimal
    earlier_count: int
    available: Decimal | None
    stores: tuple[ExplainedListing, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentences(self) -> tuple[str, ...]:
        """Say it in plain words, one line each."""
        return (*self._stock(), *(store.sentence for store in self.stores or ()), *self._nobody())

    def _stock(self) -> list[str]:
        if self.level is None or self.set_at is None:
            moved = sum((movement.units for movement in self.movements), self.earlier)
            seen = f" Since orders were first seen, it moved by {moved:+f}." if self.movements else ""
            return [f"Nobody has set how much there is of {self.sku}, so no store is told anything.{seen}"]
        set_at = f"{self.set_at:%Y-%m-%d %H:%M} UTC"
        lines = [f"{_counted(self.level, 'was', 'were')} set on {set_at}, with all up to event {self.after_event}."]
        if self.earlier_count:
            lines.append(f"{self.earlier:+f} by {self.earlier_count} earlier changes since.")
        lines += map(_said, self.movements)
        left = NOTHING if self.available is None else self.available
        over = " (more was sold than there was)" if left < 0 else ""
        return [*lines, f"{_counted(left, 'is', 'are')} available{over}."]

    def _nobody(self) -> list[str]:
        return [] if self.stores else [f"No store lists {self.sku}."]


def _counted(units: Decimal, one: str, many: str) -> str:
    return f"{units:f} {one if units == 1 else many}"


def _said(movement: ExplainedMovement) -> str:
    if movement.order is None:
        when = "long ago" if movement.at is None else f"on {movement.at:%Y-%m-%d %H:%M} UTC"
        return f"{movement.units:+f} adjusted by hand {when}."
    late = ", which was placed before the level was set but seen after it" if movement.late else ""
    return f"{movement.units:+f} by order {movement.order} of '{movement.integration}'{late}."
