"""The lines of an order: what was sold, under which keys, and what of it is on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from hub_core import OrderLine, OrderStatus, RejectedError
from hub_threedcart.carried import ITEM_MEMBERS, carrier
from hub_threedcart.descriptions import described
from hub_threedcart.extras import ITEM, extras, figure_text
from hub_threedcart.figures import amount, quantity
from hub_threedcart.parsing import Tree
from hub_threedcart.wire import ZERO, WireItem

_carried: Final = carrier(ITEM_MEMBERS)
_NONE: Final = Decimal(0)


class LineReader:
    """Makes the lines of one order, given the statuses of its *parcels* by their id and what it warns of."""

    def __init__(self, currency: str, parcels: Mapping[str, OrderStatus], status: OrderStatus) -> None:
        self._currency = currency
        self._parcels = parcels
        self._status = status
        self.warnings: list[str] = []

    def lines(self, items: Sequence[WireItem], trees: Sequence[Tree] | None) -> tuple[OrderLine, ...]:
        """Make a line of each of *items*; *trees* are the same with all that was sent, unless they are whole."""
        keys = self._keys(items)
        own_keys = {str(item.item_index_id): key for item, key in zip(items, keys, strict=True)}
        extras_of = [_carried(item) for item in items] if trees is None else [extras(tree, ITEM) for tree in trees]
        return tuple(self._line(place, items[place], extras_of[place], key, own_keys) for place, key in enumerate(keys))

    def _keys(self, items: Sequence[WireItem]) -> list[str]:
        """Give each line its ItemIndexID as key; where that is missing or stands twice, with SKU and ordinal."""
        ids = [item.item_index_id for item in items]
        if 0 not in ids and len(set(ids)) == len(ids):
            return [str(item) for item in ids]
        uses, turns = Counter(ids), Counter[str]()
        keys = []
        for item in items:
            key = str(item.item_index_id)
            if not item.item_index_id or uses[item.item_index_id] > 1:
                key = f"{item.item_index_id or ''}/{item.item_id.strip()}"
                turns[key] += 1
                key = f"{key}/{turns[key]}"
            keys.append(key)
        self.warnings.append("Lines without an id, or with the same one, are told apart by their SKU and order.")
        return keys

    def _line(
        self, place: int, item: WireItem, extra: dict[str, Any], key: str, own_keys: Mapping[str, str]
    ) -> OrderLine:
        if item.item_quantity is None:
            raise RejectedError(f"The order has a line without a quantity, at `$.OrderItemList[{place}].ItemQuantity`.")
        text = described(item.item_description)
        units = quantity(+item.item_quantity)  # the sign refuses what is no number at all
        price = item.item_unit_price + item.item_option_price
        unit_price = amount(price, self._currency)
        shipment = self._shipment(item)
        status = self._status if shipment is None else self._parcels[shipment]
        parent = own_keys.get(item.item_additional_field3.strip()) if item.item_additional_field3 else None
        parent = None if parent == key else parent
        return OrderLine(
            external_id=key,
            sku=item.item_id.strip() or None,
            listing=listing_of(item.catalog_id, item.item_options),
            name=text.name,
            options=text.options,
            quantity=units,
            shipped=units if status is OrderStatus.SHIPPED else _NONE,
            unit_price=unit_price,
            total=unit_price if units == 1 else amount(units * price, self._currency),
            shipment=shipment,
            bundle_parent=parent,
            extra=_extra(item, extra, parent, plain=text.plain),
        )

    def _shipment(self, item: WireItem) -> str | None:
        shipment = str(item.item_shipment_id)
        if shipment in self._parcels:
            return shipment
        if self._parcels:
            self.warnings.append(f"A line names shipment {shipment}, which the order does not have.")
        return None


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


def _extra(item: WireItem, extra: dict[str, Any], parent: str | None, *, plain: bool) -> dict[str, Any]:
    if item.item_option_price:
        extra["ItemOptionPrice"] = figure_text(item.item_option_price)
    if not plain:
        extra["ItemDescription"] = item.item_description
    if parent is None and item.item_additional_field3:
        extra["ItemAdditionalField3"] = item.item_additional_field3
    return extra


def subtotal(items: Sequence[WireItem]) -> Decimal:
    """Add up what the lines cost, before discounts, shipping and taxes."""
    return sum(((item.item_quantity or ZERO) * (item.item_unit_price + item.item_option_price) for item in items), ZERO)
