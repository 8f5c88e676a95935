"""Telling a store the stock of its products and variants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

from hub_core import Accepted, Outcome, RetryLater, StockChanges, Store, UnavailableError
from hub_threedcart.client import StoreClient
from hub_threedcart.families import Family, plan_of, sellable
from hub_threedcart.outcomes import outcome
from hub_threedcart.product_figures import ProductFigures, VariantFigures
from hub_threedcart.settings import ThreeDCartSettings
from hub_threedcart.targets import number, whole
from hub_threedcart.writes import MOST, BulkWrite, Entry, Verdict


class _Job(NamedTuple):
    """A product's figure, and the *listings* whose outcome hangs on it: its own, or the variants whose *sum* it is."""

    entry: Entry
    listings: Sequence[str]
    sum: bool = False


class StockPush:
    """One push to one store."""

    def __init__(self, store: Store) -> None:
        self._client = StoreClient(store)
        self._sums = store.settings_as(ThreeDCartSettings).write_parent_stock
        self._products = BulkWrite(self._client, ProductFigures(self._client, "Stock"))

    async def outcomes(self, groups: Sequence[StockChanges]) -> AsyncIterator[list[Outcome]]:
        """Tell all and yield what came of it.

        Products alone that fill whole requests go first; the rest shares its request with the sums of the variants.
        A variant is accepted when its product's sum is. Where the store falls silent at some variants, what was made
        ready until then is still told, so that one product cannot keep all others waiting.
        """
        plan = plan_of(groups)
        if plan.refused:
            yield plan.refused
        jobs = [_Job(Entry(str(one), number(it.units)), (it.listing,)) for one, it in plan.alone.items()]
        full = len(jobs) - len(jobs) % MOST
        async for told in self._written(jobs[:full]):
            yield told
        jobs, silence = jobs[full:], None
        for family in plan.families.values():
            try:
                told, job = await self._variants(family)
            except UnavailableError as error:
                silence = error
                break
            jobs += [job] if job else []
            yield told  # maybe nothing, so that a long row of products can be interrupted
        async for told in self._written(jobs):
            yield told
        if silence is not None:
            raise silence

    async def _written(self, jobs: Sequence[_Job]) -> AsyncIterator[list[Outcome]]:
        by_value = {job.entry.value: job for job in jobs}
        async for verdicts in self._products.verdicts([job.entry for job in jobs]):
            yield [
                _outcome_of(listing, by_value[value], verdict)
                for value, verdict in verdicts.items()
                for listing in by_value[value].listings
            ]

    async def _variants(self, family: Family) -> tuple[list[Outcome], _Job | None]:
        """Tell the variants of one product; give what is settled, and what is still to be written of the product."""
        figures = VariantFigures(self._client, family.catalog, "Stock")
        entries = [Entry(code, whole(change.units)) for code, change in family.changes.items()]
        verdicts: dict[str, Verdict] = {}
        async for some in BulkWrite(self._client, figures).verdicts(entries):
            verdicts |= some
        taken = [family.changes[code].listing for code, verdict in verdicts.items() if not verdict.fault]
        failed = [outcome(family.changes[code].listing, verdict) for code, verdict in verdicts.items() if verdict.fault]
        if not (self._sums and taken):
            return [*failed, *map(Accepted, taken)], None
        total = await self._sum(family, figures, verdicts)
        if total is None:
            return [*failed, *(_without_sum(listing, family.catalog, "") for listing in taken)], None
        return failed, _Job(Entry(str(family.catalog), total), taken, sum=True)

    async def _sum(self, family: Family, figures: VariantFigures, verdicts: Mapping[str, Verdict]) -> int | None:
        """Add up the variants; where one is unknown, or was not taken, the store is asked for all of them."""
        total = family.known_sum()
        if total is not None and not any(verdict.fault for verdict in verdicts.values()):
            return total
        held = await figures.all()
        return sellable(list(held.values())) if held else None


def _outcome_of(listing: str, job: _Job, verdict: Verdict) -> Outcome:
    if verdict.fault and job.sum:
        return _without_sum(listing, int(job.entry.value), verdict.fault)
    return outcome(listing, verdict)


def _without_sum(listing: str, catalog: int, fault: str) -> Outcome:
    why = fault or "3DCart does not tell the stock of all its variants."
    return RetryLater(listing, f"The variant was told, but not the sum that product {catalog} shows: {why}")
