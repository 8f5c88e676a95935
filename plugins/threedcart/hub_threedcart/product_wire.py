"""Products as they come over the wire, as far as the hub needs them; see `wire` for how tolerantly they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from hub_threedcart.wire import pascal


class WireSku(msgspec.Struct, rename=pascal):
    """What is sold and counted of a product."""

    catalog_id: int = 0
    sku: str = msgspec.field(default="", name="SKU")
    name: str = ""
    price: Decimal | None = None
    sale_price: Decimal | None = None
    on_sale: bool = False
    stock: Decimal | None = None


class WireVariant(msgspec.Struct, rename=pascal):
    """A variant; its suffix (sic) is the whole SKU, its price the whole price."""

    advanced_option_code: str = ""
    advanced_option_sufix: str = ""
    advanced_option_name: str = ""
    advanced_option_stock: Decimal | None = None
    advanced_option_price: Decimal | None = None


class WireOption(msgspec.Struct, rename=pascal):
    """A choice that the shopper has."""

    option_id: int = 0
    option_name: str = ""


class WireOptionSet(msgspec.Struct, rename=pascal):
    """Choices of which the shopper takes one."""

    option_list: list[WireOption] = []


class WireProduct(msgspec.Struct, rename=pascal):
    """A product with its variants."""

    sku_info: WireSku = msgspec.field(default_factory=WireSku, name="SKUInfo")
    hide: bool = False
    not_for_sale: bool = False
    allow_fractional_quantity: bool = False
    option_set_list: list[WireOptionSet] = []
    advanced_option_list: list[WireVariant] = []


class SkuHead(msgspec.Struct, rename=pascal):
    """The number of a product."""

    catalog_id: int | None = None


class ProductHead(msgspec.Struct):
    """As much of a product as tells which one it is."""

    sku_info: SkuHead = msgspec.field(default_factory=SkuHead, name="SKUInfo")


class WireResult(msgspec.Struct, rename=pascal):
    """What became of one entry that was written; the status is a text here and a number there."""

    key: Any = None
    value: Any = None
    status: Any = None
    message: Any = None
