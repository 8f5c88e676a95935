"""Which products a request asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hub_core.testing.store import Product
from hub_threedcart.sandbox.filters import Params, Range, within
from hub_threedcart.sandbox.offers import updated
from hub_threedcart.sandbox.shop import ProductRecord, ThreeDCartShop

# No product of the sandbox has one of these marks.
_NEVER = (
    "hide",
    "freeshipping",
    "nontax",
    "notforsale",
    "giftcertificate",
    "homespecial",
    "categoryspecial",
    "nonsearchable",
    "selfship",
    "rewarddisable",
)
_AMOUNTS = ("cost", "price", "stock")


@dataclass(frozen=True)
class ProductQuery:
    """The filters of `GET /Products` and `/Products/skuinfo`; *spans* are the least and most of some amounts."""

    sku: str | None
    name: str | None
    key: int | None
    updated: Range
    spans: tuple[tuple[str, Decimal | None, Decimal | None], ...]
    on_sale: bool | None
    hopeless: bool

    @classmethod
    def of(cls, params: Params) -> ProductQuery:
        """Read the filters."""
        spans = ((name, params.amount(f"{name}from"), params.amount(f"{name}to")) for name in _AMOUNTS)
        sku = params.text("sku")
        return cls(
            sku=sku and sku.rstrip(),
            name=params.text("name"),
            key=params.number("catalogid"),
            updated=params.days("lastupdatestart", "lastupdateend"),
            spans=tuple(span for span in spans if span[1:] != (None, None)),
            on_sale=params.flag("onsale"),
            hopeless=True in {params.flag(name) for name in _NEVER},
        )

    @property
    def narrows(self) -> bool:
        """Whether not all products match."""
        return self != _ALL

    def found_by_name(self, shop: ThreeDCartShop) -> Sequence[ProductRecord] | None:
        """Find what is asked for by id or SKU without looking at all; None where neither is given."""
        if self.key is None and self.sku is None:
            return None
        numbers = [self.key] if self.key is not None else [one[0] for one in shop.goods.named(self.sku or "")]
        found = (shop.products.get(number) for number in dict.fromkeys(numbers))
        return [record for record in found if record and self.matches(shop, record)]

    def matches(self, shop: ThreeDCartShop, record: ProductRecord) -> bool:
        """Tell whether a product is asked for."""
        product = shop.goods.get(record.key)
        if product is None or self.hopeless:
            return False
        return (
            self.key in (None, record.key)
            and self.sku in (None, product.sku.rstrip())  # the database compares texts without trailing blanks
            and self.name in (None, product.name)
            and self.on_sale in (None, product.on_sale)
            and all(_spans(product, *span) for span in self.spans)
            and within(updated(shop, product, record), self.updated)
        )


_ALL = ProductQuery.of(Params({}))


def _spans(product: Product, name: str, least: Decimal | None, most: Decimal | None) -> bool:
    amount: Decimal = getattr(product, name)
    return (least is None or amount >= least) and (most is None or amount <= most)
