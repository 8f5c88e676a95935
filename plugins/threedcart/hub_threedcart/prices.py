"""Telling a store the regular prices of its products and variants; sale prices stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from hub_core import Outcome, PriceChange, Refused, Store
from hub_threedcart.client import StoreClient
from hub_threedcart.orders import locale_of
from hub_threedcart.outcomes import nameless, outcome
from hub_threedcart.product_figures import ProductFigures, VariantFigures
from hub_threedcart.targets import number, target_of
from hub_threedcart.writes import BulkWrite, Entry, Figures

_Changes = dict[str, PriceChange]


class PricePush:
    """One push to one store."""

    def __init__(self, store: Store) -> None:
        self._client = StoreClient(store)
        self._currency = locale_of(store).currency

    async def outcomes(self, changes: Sequence[PriceChange]) -> AsyncIterator[list[Outcome]]:
        """Tell all and yield what came of it: products first, with few requests, then each product's variants."""
        products: _Changes = {}
        variants: defaultdict[int, _Changes] = defaultdict(dict)
        refused = [no for no in map(self._refusal, changes) if no is not None]
        if refused:
            yield refused
        for change in changes:
            target = target_of(change.listing, change.handle)
            if target is not None and change.price.currency == self._currency:
                group = variants[target.catalog] if target.code else products
                group[target.code or str(target.catalog)] = change
        async for told in self._written(ProductFigures(self._client, "Price"), products):
            yield told
        for catalog, of_product in variants.items():
            async for told in self._written(VariantFigures(self._client, catalog, "Price"), of_product):
                yield told

    def _refusal(self, change: PriceChange) -> Outcome | None:
        if target_of(change.listing, change.handle) is None:
            return nameless(change.listing)
        given = change.price.currency
        if given == self._currency:
            return None
        return Refused(change.listing, f"The price is in {given}, but the shop sells in {self._currency}.")

    async def _written(self, figures: Figures, changes: _Changes) -> AsyncIterator[list[Outcome]]:
        entries = [Entry(value, number(change.price.amount)) for value, change in changes.items()]
        async for verdicts in BulkWrite(self._client, figures).verdicts(entries):
            yield [outcome(changes[value].listing, verdict) for value, verdict in verdicts.items()]
