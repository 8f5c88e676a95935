"""Making listings of a product as 3DCart sends it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from html import unescape
from typing import Final

import msgspec

from hub_core import Listing, Money, RejectedError
from hub_threedcart.figures import amount, quantity
from hub_threedcart.lines import listing_of
from hub_threedcart.parsing import read_as, tree_of
from hub_threedcart.product_wire import WireProduct, WireVariant

_ORDINARY: Final = msgspec.json.Decoder(WireProduct, strict=False)


def read_product(raw: bytes, currency: str) -> list[Listing]:
    """Make a listing of each variant of a product, or of the product itself where it has none.

    A bundle (whose options point at other products) is a listing like any other, with the count that the store keeps
    of it; its parts are listings of their own. Raises RejectedError where the product cannot be used.
    """
    product = _wire(raw)
    if product.sku_info.catalog_id <= 0:
        raise RejectedError("The shop sent a product without its number, the CatalogID.")
    try:
        if not product.advanced_option_list:
            return [_alone(product, currency)]
        names = _choices(product)
        listings = [_variant(product, one, names, currency) for one in product.advanced_option_list]
    except (ValueError, ArithmeticError) as error:
        raise RejectedError(f"A figure of product {product.sku_info.catalog_id} makes no sense: {error}.") from error
    if len({listing.external_id for listing in listings}) < len(listings):
        raise RejectedError(f"Two variants of product {product.sku_info.catalog_id} have the same option code.")
    return listings


def _wire(raw: bytes) -> WireProduct:
    try:
        return _ORDINARY.decode(raw)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return read_as(WireProduct, tree_of(raw))


def _alone(product: WireProduct, currency: str) -> Listing:
    sku = product.sku_info
    # Made of what the decoder has checked, so without checking it again.
    return Listing.assembled(
        {
            "external_id": str(sku.catalog_id),
            "sku": sku.sku.strip() or None,
            "name": _text(sku.name),
            "parent": None,
            "handle": {"catalog": sku.catalog_id},
            "published": _is_published(product),
            "fractions": product.allow_fractional_quantity,
            "stock": _units(sku.stock),
            "price": _money(sku.price, currency),
            "sale_price": _money(sku.sale_price, currency) if sku.on_sale else None,
        }
    )


def _variant(product: WireProduct, variant: WireVariant, names: Mapping[str, str], currency: str) -> Listing:
    """Make a listing of a variant, of which the store keeps whole units only.

    It has no sale price of its own: the product's is taken where both cost the same, else nothing is known.
    """
    sku = product.sku_info
    code = variant.advanced_option_code.strip()
    external_id, parent = listing_of(sku.catalog_id, code), str(sku.catalog_id)
    if external_id is None or external_id == parent:
        raise RejectedError(f"A variant of product {parent} has no option code, so nothing can be told of it.")
    on_sale = sku.on_sale and variant.advanced_option_price == sku.price
    return Listing.assembled(
        {
            "external_id": external_id,
            "sku": variant_sku(sku.sku, variant.advanced_option_sufix, code),
            "name": f"{_text(sku.name)} - {_choice(variant, code, names)}",
            "parent": parent,
            "handle": {"catalog": sku.catalog_id, "code": code},
            "published": _is_published(product),
            "fractions": False,
            "stock": _units(variant.advanced_option_stock),
            "price": _money(variant.advanced_option_price, currency),
            "sale_price": _money(sku.sale_price, currency) if on_sale else None,
        }
    )


def _is_published(product: WireProduct) -> bool:
    return not (product.hide or product.not_for_sale)


def variant_sku(product: str, own: str, code: str) -> str | None:
    """Give a variant's SKU: its own, which is whole, else that of its product with the code, as in `TEE-6`."""
    return own.strip() or (f"{product.strip()}-{code}" if product.strip() else None)


def _choices(product: WireProduct) -> dict[str, str]:
    """Name the options by their ids: the platform cuts a variant's own name at a double quote."""
    options = (option for one in product.option_set_list for option in one.option_list)
    return {str(option.option_id): _text(option.option_name) for option in options if option.option_name.strip()}


def _choice(variant: WireVariant, code: str, names: Mapping[str, str]) -> str:
    chosen = code.replace(" ", "").split("-")
    if all(one in names for one in chosen):
        return ", ".join(names[one] for one in chosen)
    return _text(variant.advanced_option_name) or code


def _text(text: str) -> str:
    return unescape(text).strip()


def _units(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else quantity(figure)


def _money(figure: Decimal | None, currency: str) -> Money | None:
    return None if figure is None else amount(figure, currency)
