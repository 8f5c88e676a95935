"""The lines of an order: what was sold, under which keys, and what of it is on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from hub_core import OrderLine, RejectedError
from hub_threedcart.carried import ITEM_MEMBERS, carrier
from hub_threedcart.descriptions import Description, described
from hub_threedcart.extras import ITEM, extras, figure_text
from hub_threedcart.figures import amount, quantity
from hub_threedcart.parsing import Tree
from hub_threedcart.wire import ZERO, WireItem

_carried: Final = carrier(ITEM_MEMBERS)
_MERCHANT: Final = OrderLine.model_fields["fulfilled_by"].default


class Lines(NamedTuple):
    """The *lines* of an order as the members of an OrderLine, what they cost together, and what is odd about them."""

    lines: list[dict[str, Any]]
    subtotal: Decimal
    warnings: list[str]


class Parcels(NamedTuple):
    """Which shipments of an order there are, and whether each *left* the house; so too for the *order* itself."""

    left: Mapping[str, bool]
    order: bool


def lines_of(items: Sequence[WireItem], trees: Sequence[Tree] | None, parcels: Parcels, currency: str) -> Lines:
    """Make a line of each of *items*; *trees* are the same with all that was sent, unless they are whole."""
    warnings: list[str] = []
    keys = _keys(items, warnings)
    extras_of = map(_carried, items) if trees is None else (extras(tree, ITEM) for tree in trees)
    lines: list[dict[str, Any]] = []
    subtotal = ZERO
    for item, key, extra in zip(items, keys, extras_of, strict=True):
        if item.item_quantity is None:
            raise RejectedError(
                f"The order has a line without a quantity, at `$.OrderItemList[{len(lines)}].ItemQuantity`."
            )
        units = quantity(+item.item_quantity)  # the sign refuses what is no number at all
        price = item.item_unit_price + item.item_option_price
        worth = units * price
        subtotal += worth
        text = described(item.item_description)
        if item.item_option_price or not text.plain:
            _keep_beside(item, text, extra)
        shipment = _shipment(item, parcels, warnings)
        left = parcels.order if shipment is None else parcels.left[shipment]
        lines.append(
            {
                "external_id": key,
                "sku": item.item_id.strip() or None,
                "listing": listing_of(item.catalog_id, item.item_options),
                "name": text.name,
                "options": text.options,
                "quantity": units,
                "cancelled": ZERO,
                "shipped": units if left else ZERO,
                "unit_price": amount(price, currency),
                "total": amount(worth, currency),
                "shipment": shipment,
                "bundle_parent": None,
                "fulfilled_by": _MERCHANT,
                "extra": extra,
            }
        )
    if any(item.item_additional_field3 for item in items):
        _name_parents(items, lines)
    return Lines(lines, subtotal, warnings)


def _keep_beside(item: WireItem, text: Description, extra: dict[str, Any]) -> None:
    """Keep what the figures and the names of a line do not tell."""
    if not text.plain:
        extra["ItemDescription"] = item.item_description
    if item.item_option_price:
        extra["ItemOptionPrice"] = figure_text(item.item_option_price)


def _keys(items: Sequence[WireItem], warnings: list[str]) -> list[str]:
    """Give each line its ItemIndexID as key; where that is missing or stands twice, with SKU and ordinal."""
    ids = [item.item_index_id for item in items]
    if 0 not in ids and len(set(ids)) == len(ids):
        return list(map(str, ids))
    uses, turns = Counter(ids), Counter[str]()
    keys = []
    for item in items:
        key = str(item.item_index_id)
        if not item.item_index_id or uses[item.item_index_id] > 1:
            key = f"{item.item_index_id or ''}/{item.item_id.strip()}"
            turns[key] += 1
            key = f"{key}/{turns[key]}"
        keys.append(key)
    warnings.append("Lines without an id, or with the same one, are told apart by their SKU and order.")
    return keys


def _shipment(item: WireItem, parcels: Parcels, warnings: list[str]) -> str | None:
    shipment = str(item.item_shipment_id)
    if shipment in parcels.left:
        return shipment
    if parcels.left:
        warnings.append(f"A line names shipment {shipment}, which the order does not have.")
    return None


def _name_parents(items: Sequence[WireItem], lines: Sequence[dict[str, Any]]) -> None:
    """Let each part of a bundle name its parent's line; a field that names no other line is kept as it is."""
    keys = {str(item.item_index_id): line["external_id"] for item, line in zip(items, lines, strict=True)}
    for item, line in zip(items, lines, strict=True):
        parent = keys.get(item.item_additional_field3.strip())
        if parent is not None and parent != line["external_id"]:
            line["bundle_parent"] = parent
        elif item.item_additional_field3:
            line["extra"]["ItemAdditionalField3"] = item.item_additional_field3


@lru_cache(maxsize=4096)
def listing_of(catalog_id: int, options: str) -> str | None:
    """Tell which listing was sold: the CatalogID, and the variant's option code after a slash where one was chosen.

    `",45,49"` of product 18 is `18/45-49`: the chosen options in order are the code of the variant in the catalogue.
    A line that was typed in by hand belongs to no listing.
    """
    if not catalog_id:
        return None
    code = "-".join(filter(None, options.replace(" ", "").split(",")))
    return f"{catalog_id}/{code}" if code else str(catalog_id)
