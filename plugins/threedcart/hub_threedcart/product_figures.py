"""The figures of products and variants: where they are written, and where they are read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from hub_core import RejectedError, ResponseError
from hub_threedcart.client import StoreClient
from hub_threedcart.parsing import read_as, tree_of
from hub_threedcart.product_wire import WireSku, WireVariant
from hub_threedcart.writes import Entry

Kind = Literal["Stock", "Price"]


class ProductFigures:
    """Figures of products; all those of a request are written at once."""

    resource = "Products"

    def __init__(self, client: StoreClient, kind: Kind) -> None:
        self._client = client
        self._kind = kind

    def body(self, entry: Entry) -> dict[str, Any]:
        """Write down an entry; never with variants, which the platform would replace or ignore."""
        return {"SKUInfo": {"CatalogID": int(entry.value), self._kind: entry.figure}}

    def name(self, value: str) -> str:
        """Name a product for a person."""
        return f"product {value}"

    async def held(self, values: Sequence[str]) -> Mapping[str, Decimal | None]:
        """Ask for one product after the other, as the platform takes no list of them."""
        found: dict[str, Decimal | None] = {}
        for value in values:
            for raw in await self._client.parts(f"Products/{value}/skuinfo"):
                sku = _read(WireSku, raw)
                figure = sku.stock if self._kind == "Stock" else sku.price
                if found.get(value) is None:  # what is there, but not clearly this product, tells nothing
                    found[value] = figure if str(sku.catalog_id) == value else None
        return found


class VariantFigures:
    """Figures of the variants of one product."""

    def __init__(self, client: StoreClient, catalog: int, kind: Kind) -> None:
        self.resource = f"Products/{catalog}/AdvancedOptions"
        self._client = client
        self._catalog = catalog
        self._kind = kind

    def body(self, entry: Entry) -> dict[str, Any]:
        """Write down an entry."""
        return {"AdvancedOptionCode": entry.value, f"AdvancedOption{self._kind}": entry.figure}

    def name(self, value: str) -> str:
        """Name a variant for a person."""
        return f"variant {value} of product {self._catalog}"

    async def held(self, values: Sequence[str]) -> Mapping[str, Decimal | None]:
        """Ask with one request, as the platform gives all variants of a product at once."""
        found = await self.all()
        return {value: found[value] for value in values if value in found}

    async def all(self) -> dict[str, Decimal | None]:
        """Ask for all variants of the product; none where it has none any more."""
        variants = [_read(WireVariant, raw) for raw in await self._client.parts(self.resource)]
        stock = self._kind == "Stock"
        return {
            one.advanced_option_code.strip(): one.advanced_option_stock if stock else one.advanced_option_price
            for one in variants
        }


def _read(kind: type[Any], raw: bytes) -> Any:
    try:
        return read_as(kind, tree_of(raw))
    except RejectedError as error:
        raise ResponseError(f"What the shop says of a product cannot be read: {error}") from error
