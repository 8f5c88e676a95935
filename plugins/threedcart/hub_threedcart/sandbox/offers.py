"""What products cost and how many there are, as 3DCart spells it at the moment it is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub_core.testing.store import Product, Variant
from hub_threedcart.sandbox.shop import ProductRecord, ThreeDCartShop
from hub_threedcart.sandbox.spelling import as_version_1, dump, stamp


def sku_info(shop: ThreeDCartShop, product: Product) -> dict[str, Any]:
    """Spell the `SKUInfo` of a product."""
    return {
        "CatalogID": product.number,
        "SKU": product.sku,
        "Name": product.name,
        "Cost": float(product.cost),
        "Price": float(product.price),
        "Currency": shop.currency,
        "RetailPrice": float(product.retail_price),
        "SalePrice": float(product.sale_price),
        "OnSale": product.on_sale,
        "Stock": float(product.stock),
    }


def advanced_option(product: Product, variant: Variant) -> dict[str, Any]:
    """Spell a variant."""
    return {
        "AdvancedOptionCode": str(variant.number),
        "AdvancedOptionSufix": variant.sku,
        "AdvancedOptionName": variant.name.partition('"')[0],  # the platform cuts it at a double quote
        "AdvancedOptionCost": float(product.cost),
        "AdvancedOptionStock": variant.stock,
        "AdvancedOptionWeight": float(product.weight),
        "AdvancedOptionPrice": float(variant.price),
        "AdvancedOptionGTIN": "",
    }


def updated(shop: ThreeDCartShop, product: Product, record: ProductRecord) -> datetime:
    """Tell when somebody last edited a product, on the store's wall clock; that it was sold does not count."""
    return record.facets.updated if product.edited_at is None else shop.clock.wall(product.edited_at)


def sku_info_text(shop: ThreeDCartShop, record: ProductRecord, version: str) -> bytes:
    """Write the price and the stock of a product."""
    return _text(sku_info(shop, _product(shop, record)), version)


def options_text(shop: ThreeDCartShop, record: ProductRecord, version: str) -> bytes:
    """Write the list of the variants of a product."""
    product = _product(shop, record)
    return _text([advanced_option(product, variant) for variant in product.variants], version)


def product_text(shop: ThreeDCartShop, record: ProductRecord, version: str) -> bytes:
    """Write a whole product: what changes often, made now, before what does not, which is kept as text."""
    product = _product(shop, record)
    often = {
        "SKUInfo": sku_info(shop, product),
        "LastUpdate": stamp(updated(shop, product, record)),
        "AdvancedOptionList": [advanced_option(product, variant) for variant in product.variants],
    }
    return _text(often, version)[:-1] + b"," + _rest(record, version)[1:]


def _product(shop: ThreeDCartShop, record: ProductRecord) -> Product:
    product = shop.goods.get(record.key)
    if product is None:
        raise KeyError(record.key)
    return product


def _rest(record: ProductRecord, version: str) -> bytes:
    """Make the text of version 1 when it is first asked for, and keep it."""
    if version == "v2":
        return record.text
    kept = record.texts.get("v1")
    if kept is None:
        kept = record.texts["v1"] = as_version_1(record.text)
    return kept


def _text(members: Any, version: str) -> bytes:
    text = dump(members)
    return text if version == "v2" else as_version_1(text)
