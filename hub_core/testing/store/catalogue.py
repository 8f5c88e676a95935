"""Made-up products, with the faults that real catalogues have."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hub_core.testing.store.dice import Dice
from hub_core.testing.store.goods import Goods
from hub_core.testing.store.records import ZERO, Product, Variant

_GOODS = ("Cotton Tee", "Mug", "Linen Scarf", "Garden Lamp", "Oak Tray", "Wool Socks", "Rain Jacket", 'Shelf 12"')
_COLOURS = ("Red", "Blue", "Green", "Grey", "Sand", "Plum")
_SIZES = (("S", 'S 35.5" - 39.5"'), ("M", 'M 40" - 43"'), ("L", 'L 43.5" - 47"'))
_CENT = Decimal("0.01")
_FIRST_NUMBER = 11
_FIRST_VARIANT = 101
_NEAR = 100  # a bundle is made of products that came in about the same time
_FAULTS_EVERY, _BLANKS, _DOUBLE = 40, 14, 22


def catalogue(dice: Dice, count: int, shift: int = 0) -> Goods:
    """Make up *count* products: plain ones, ones with sizes, bundles of others, and a few with faulty SKUs.

    All their numbers are higher by *shift*: stores that sell the same do not number it alike.
    """
    products: list[Product] = []
    for position in range(count):
        product = _plain(dice, _FIRST_NUMBER + position)
        if position % 5 in (1, 3):
            product = _with_sizes(dice, product, with_skus=position % 20 != 3)  # noqa: PLR2004 - one in twenty
        elif position % 10 == 5:  # noqa: PLR2004 - one in ten
            product = _bundle(dice, product, products)
        products.append(_with_faults(position, product, products))
    return Goods(_shifted(product, shift) for product in products)


def _plain(dice: Dice, number: int) -> Product:
    price = dice.amount(4, 180)
    on_sale = dice.hits(0.15)
    good, colour = dice.choice(_GOODS), dice.choice(_COLOURS)
    letters = "".join(letter for letter in good.upper() if letter.isalpha())[:4]
    return Product(
        number=number,
        sku=f"{letters}-{colour[:3].upper()}-{number}",
        name=f"{colour} {good}",
        price=price,
        cost=(price * Decimal("0.4")).quantize(_CENT),
        stock=Decimal(dice.randint(-20, 400)),
        weight=Decimal(dice.choice(("0.5", "0.8", "2", "3.25"))),
        sale_price=(price * Decimal("0.8")).quantize(_CENT) if on_sale else ZERO,
        on_sale=on_sale,
        retail_price=(price * Decimal("1.2")).quantize(_CENT),
    )


def _with_sizes(dice: Dice, product: Product, *, with_skus: bool) -> Product:
    first = _FIRST_VARIANT + 10 * (product.number - _FIRST_NUMBER)
    variants = tuple(
        Variant(first + place, f"{product.sku}-{short}" if with_skus else "", name, product.price, dice.randint(-9, 90))
        for place, (short, name) in enumerate(_SIZES)
    )
    # The number of the product itself need not be the sum of theirs: of real ones, a third differ.
    off = dice.randint(-30, 30) if dice.hits(0.35) else 0
    return replace(product, choice="Size", variants=variants, stock=Decimal(sum(one.stock for one in variants) + off))


def _bundle(dice: Dice, product: Product, others: list[Product]) -> Product:
    plain = [other.sku for other in others[-_NEAR:] if not other.variants and not other.parts]
    parts = tuple(dice.sample(plain, min(2, len(plain))))
    return replace(product, sku=f"BUNDLE-{product.number}", name=f"Bundle {product.number}: Tray & Lamp", parts=parts)


def _with_faults(position: int, product: Product, others: list[Product]) -> Product:
    """Give one in forty the SKU of another, since shops do not enforce that they differ, and one trailing blanks."""
    return {
        _DOUBLE: replace(product, sku=others[-1].sku if others else product.sku),
        _BLANKS: replace(product, sku=product.sku + "  "),
    }.get(position % _FAULTS_EVERY, product)


def _shifted(product: Product, shift: int) -> Product:
    variants = tuple(replace(one, number=one.number + shift) for one in product.variants)
    return replace(product, number=product.number + shift, variants=variants)
