"""Chance that can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import TypeVar

Face = TypeVar("Face")


class Dice(Random):
    """Seeded chance for made-up data; the same seed always makes the same store."""

    def hits(self, probability: float) -> bool:
        """Tell whether something of this *probability* happens."""
        return self.random() < probability

    def amount(self, lowest: int, highest: int) -> Decimal:
        """Draw an amount of money that looks like a price."""
        return Decimal(self.randint(lowest, highest)) + self.choice(_ENDINGS)

    def weighted(self, weights: Mapping[Face, float]) -> Face:
        """Draw one of the keys, each as often as its weight says."""
        return self.choices(list(weights), list(weights.values()))[0]

    def digits(self, length: int) -> str:
        """Draw a number of *length* digits, the first of them not zero."""
        return str(self.randrange(10 ** (length - 1), 10**length))


_ENDINGS = (Decimal(0), Decimal(0), Decimal("0.5"), Decimal("0.75"), Decimal("0.95"), Decimal("0.99"))
