"""Sorting stock changes: products that stand alone, and families of variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hub_core import Outcome, Refused, StockChange, StockChanges
from hub_threedcart.outcomes import nameless
from hub_threedcart.targets import target_of, whole


@dataclass(slots=True)
class Family:
    """Variants of the product *catalog*: what is to change, and the units of the *others*, None where unknown."""

    catalog: int
    changes: dict[str, StockChange] = field(default_factory=dict)
    others: dict[str, Decimal | None] = field(default_factory=dict)

    def known_sum(self) -> int | None:
        """Add up what can be sold: an oversold variant takes nothing from the others. None where one is unknown."""
        units = {code: change.units for code, change in self.changes.items()}
        every = [*units.values(), *(held for code, held in self.others.items() if code not in units)]
        return sellable(every)


@dataclass(slots=True)
class Plan:
    """Changes by the way in which they are told; *refused* are those that cannot be."""

    alone: dict[int, StockChange] = field(default_factory=dict)
    families: dict[int, Family] = field(default_factory=dict)
    refused: list[Outcome] = field(default_factory=list)


def plan_of(groups: Sequence[StockChanges]) -> Plan:
    """Sort the changes."""
    plan = Plan()
    for group in groups:
        for change in group.changes:
            _sort(plan, change)
        for sibling in group.siblings:
            target = target_of(sibling.listing, sibling.handle)
            if target is not None and target.code and target.catalog in plan.families:
                plan.families[target.catalog].others[target.code] = sibling.units
    for catalog in plan.alone.keys() & plan.families.keys():
        listing = plan.alone.pop(catalog).listing
        reason = f"Product {catalog} is sold by its variants now, whose sum is its stock; read the listings again."
        plan.refused.append(Refused(listing, reason))
    return plan


def _sort(plan: Plan, change: StockChange) -> None:
    target = target_of(change.listing, change.handle)
    if target is None:
        plan.refused.append(nameless(change.listing))
    elif target.code:
        plan.families.setdefault(target.catalog, Family(target.catalog)).changes[target.code] = change
    else:
        plan.alone[target.catalog] = change


def sellable(units: Sequence[Decimal | None]) -> int | None:
    """Add up *units* as far as they can be sold; None where one is unknown."""
    known = [whole(one) for one in units if one is not None]
    return sum(max(0, one) for one in known) if len(known) == len(units) else None
