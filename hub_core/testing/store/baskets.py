"""What made-up buyers put into their carts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from hub_core.testing.store.dice import Dice
from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.goods import Goods
from hub_core.testing.store.records import ZERO, Product, Sold, Variant

_SIZES = {1: 45.0, 2: 30.0, 3: 18.0, 4: 7.0}
_ENGRAVINGS = ("Happy Day", "To: Mum & Dad", 'Nº 7 "the best"', "a-b<br>second line")
_CENT = Decimal("0.01")


def basket(dice: Dice, products: Goods) -> tuple[Sold, ...]:
    """Fill a cart: sizes, bundles with their parts, engravings, the same SKU twice, a discount as a line."""
    lines: list[Sold] = []
    for _ in range(dice.weighted(_SIZES)):
        lines += _lines_of(dice, dice.choice(products), products, len(lines)) if products else [_by_hand(dice)]
    if lines[0].part_of is None and not (lines[0].product and lines[0].product.parts) and dice.hits(0.04):
        lines.append(replace(lines[0], wish=None))
    if dice.hits(0.03):
        lines.append(_discount(dice, lines))
    return tuple(lines)


def wished(lines: Sequence[Mapping[str, Any]], products: Goods) -> tuple[Sold, ...]:
    """Make lines of `sku`, `quantity`, `price` and `name`; what is left out comes from the catalogue.

    Below a bundle come its parts. Raises SteeringError where a figure is none.
    """
    sold: list[Sold] = []
    for line in lines:
        one = _wished(line, products)
        sold += [one, *_parts(one, products, len(sold))]
    return tuple(sold)


def _wished(line: Mapping[str, Any], products: Goods) -> Sold:
    sku = str(line.get("sku", ""))
    keys = products.named(sku)
    product = products.get(keys[0][0]) if keys else None
    item = products.item(keys[0]) if keys else None
    variant = item if isinstance(item, Variant) else None
    fallback = item.price if item else Decimal(10)
    return Sold(
        sku=item.sku if item else sku,
        name=str(line.get("name", product.name if product else sku)),
        quantity=_figure(line, "quantity", 1),
        price=_figure(line, "price", fallback),
        product=product,
        variant=variant,
    )


def _figure(line: Mapping[str, Any], name: str, fallback: object) -> Decimal:
    try:
        figure = Decimal(str(line.get(name, fallback)))
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite():
        raise SteeringError(f"The {name} {line[name]!r} of a line is no number.")
    return figure


def _lines_of(dice: Dice, product: Product, products: Goods, at: int) -> list[Sold]:
    line = _line(dice, product)
    return [line, *_parts(line, products, at)]


def _parts(bundle: Sold, products: Goods, at: int) -> list[Sold]:
    """Give the lines of what *bundle* consists of, which stands *at* that place; none where it is no bundle."""
    skus = bundle.product.parts if bundle.product else ()
    parts = (products.get(products.named(sku)[0][0]) for sku in skus if products.named(sku))
    return [Sold(part.sku, part.name, bundle.quantity, ZERO, part, part_of=at) for part in parts if part]


def _line(dice: Dice, product: Product) -> Sold:
    by_weight = not product.variants and dice.hits(0.01)
    quantity = Decimal("1.5") if by_weight else Decimal(dice.weighted({1: 80, 2: 13, 3: 5, 12: 2}))
    line = Sold(product.sku, product.name, quantity, product.present_price, product)
    if product.variants:
        variant = dice.choice(product.variants)
        return replace(line, sku=variant.sku or product.sku, variant=variant)
    if dice.hits(0.08):
        surcharge = dice.choice((Decimal(3), Decimal("2.5"), Decimal(-2)))
        return replace(line, surcharge=surcharge, wish=("Engraving", dice.choice(_ENGRAVINGS)))
    return line


def _by_hand(dice: Dice) -> Sold:
    return Sold(f"HAND-{dice.digits(3)}", "Phone order", Decimal(1), dice.amount(5, 60))


def _discount(dice: Dice, lines: Sequence[Sold]) -> Sold:
    off = sum((line.total for line in lines), ZERO) * Decimal(dice.randint(300, 1200)) / Decimal(10000)
    return Sold("", "Quantity Discount", Decimal(1), ZERO, surcharge=-off.quantize(_CENT / 100))
