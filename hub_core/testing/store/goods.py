"""What a store has on sale at present."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from threading import RLock
from typing import Any, overload

from hub_core.testing.store.records import Product, Variant

Key = tuple[int, int | None]
"""What identifies an item: the number of a product, and that of a variant of it or None for the product itself."""


class Goods(Sequence[Product]):
    """The products of a store, ascending by number, with their present stock and prices.

    A test may change them while the server's thread does: each change is whole. *changes* counts them.
    """

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._products: dict[int, Product] = {}
        self._numbers: list[int] = []
        self._keys: dict[str, list[Key]] = {}
        self._lock = RLock()
        self.changes = 0
        for product in products:
            self.put(product)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Product: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Product]: ...
    def __getitem__(self, place: int | slice) -> Product | Sequence[Product]:
        if isinstance(place, slice):
            return [self._products[number] for number in self._numbers[place]]
        return self._products[self._numbers[place]]

    def get(self, number: int) -> Product | None:
        """Find the product with this *number*."""
        return self._products.get(number)

    def item(self, key: Key) -> Product | Variant | None:
        """Find a product or one of its variants."""
        product = self._products.get(key[0])
        if product is None or key[1] is None:
            return product
        return next((one for one in product.variants if one.number == key[1]), None)

    def named(self, sku: str) -> Sequence[Key]:
        """List all that have this SKU, blanks around it aside: shops do not enforce that there is one."""
        return tuple(self._keys.get(sku.strip(), ())) if sku.strip() else ()

    def items(self) -> Iterator[tuple[Key, Product | Variant]]:
        """Go through all products, each followed by its variants."""
        for product in tuple(self):
            yield (product.number, None), product
            for variant in product.variants:
                yield (product.number, variant.number), variant

    def put(self, product: Product) -> None:
        """Keep *product*, in place of one with the same number."""
        with self._lock:
            old = self._products.get(product.number)
            self._products[product.number] = product
            self.changes += 1
            if old is None:
                insort(self._numbers, product.number)
                self._index(product)
            elif _skus(old) != _skus(product):
                self._forget(old)
                self._index(product)

    def remove(self, number: int) -> None:
        """Take a product out of the store; raise KeyError where there is none."""
        with self._lock:
            self._forget(self._products.pop(number))
            del self._numbers[bisect_left(self._numbers, number)]
            self.changes += 1

    def write(self, key: Key, values: Mapping[str, Any], at: datetime | None = None) -> None:
        """Change fields of one item, as somebody who edits the product *at* that moment; the others stay."""
        with self._lock:
            product = self._products[key[0]]
            at = at or product.edited_at
            if key[1] is None:
                self.put(replace(product, **values, edited_at=at))
                return
            variants = tuple(replace(one, **values) if one.number == key[1] else one for one in product.variants)
            self.put(replace(product, variants=variants, edited_at=at))

    def move(self, amounts: Mapping[Key, Decimal]) -> None:
        """Add to the stock of each item (and to the product's own number if it is a variant), as trade does.

        What the store does not have is passed over. Nothing else of the product changes.
        """
        with self._lock:
            for (number, variant), amount in amounts.items():
                product = self._products.get(number)
                if product is not None and amount:
                    variants = tuple(_moved(one, variant, amount) for one in product.variants)
                    self.put(replace(product, stock=product.stock + amount, variants=variants))

    def _index(self, product: Product) -> None:
        for sku, key in _skus(product):
            self._keys.setdefault(sku, []).append(key)
            self._keys[sku].sort(key=lambda one: (one[0], one[1] or 0))

    def _forget(self, product: Product) -> None:
        for sku, key in _skus(product):
            self._keys[sku].remove(key)


def _skus(product: Product) -> list[tuple[str, Key]]:
    """List what can be found by a SKU."""
    skus: list[tuple[str, Key]] = [(product.sku.strip(), (product.number, None))]
    skus += [(one.sku.strip(), (product.number, one.number)) for one in product.variants]
    return [one for one in skus if one[0]]


def _moved(variant: Variant, wanted: int | None, amount: Decimal) -> Variant:
    if variant.number != wanted:
        return variant
    return replace(variant, stock=int((variant.stock + amount).to_integral_value(ROUND_FLOOR)))
