"""Order lines as 3DCart spells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hub_core.testing.store import Sale, Sold
from hub_threedcart.sandbox.shop import ThreeDCartShop
from hub_threedcart.sandbox.spelling import NO_DATE, stamp

_FIRST_PART = 500  # option ids of a bundle's parts begin here


def lines_of(shop: ThreeDCartShop, sale: Sale, shipments: Sequence[int]) -> list[dict[str, Any]]:
    """Spell all lines of *sale*, each in one of the *shipments*."""
    numbers = [shop.numbers.take("item") for _ in sale.lines]
    added = shop.clock.wall(sale.began_at)
    rows = []
    for number, line in zip(numbers, sale.lines, strict=True):
        parent = None if line.part_of is None else sale.lines[line.part_of]
        row = _line(number, line, shipments[line.parcel], added)
        if parent is not None and line.part_of is not None:
            row |= _as_part(parent, numbers[line.part_of], line)
        rows.append(row)
    return rows


def _line(number: int, line: Sold, shipment: int, added: datetime) -> dict[str, Any]:
    product, options = line.product, _options(line)
    return {
        "CatalogID": product.number if product else 0,
        "ItemIndexID": number,
        "ItemID": line.sku,
        "ItemShipmentID": shipment,
        "ItemQuantity": float(line.quantity),
        "ItemWarehouseID": 0,
        "ItemDescription": _description(line),
        "ItemUnitPrice": float(line.price),
        "ItemWeight": float(product.weight if product else 0),
        "ItemOptionPrice": float(line.surcharge),
        "ItemAdditionalField1": "",
        "ItemAdditionalField2": "",
        "ItemAdditionalField3": "",
        "ItemPageAdded": f"p_{product.number}.html" if product else "phone order",
        "ItemAvailability": "",
        "ItemDateAdded": stamp(added),
        "ItemUnitCost": float(product.cost if product else 0),
        "ItemUnitStock": float(line.variant.stock if line.variant else product.stock if product else 0),
        "ItemOptions": options,
        "ItemCatalogIDOptions": options if product and product.parts else "",
        "ItemSerial": "",
        "ItemImage1": f"assets/images/{product.number}.jpg" if product else "",
        "ItemImage2": "",
        "ItemImage3": "",
        "ItemImage4": "",
        "ItemWarehouseLocation": "A",
        "ItemWarehouseBin": "12",
        "ItemWarehouseAisle": "3",
        "ItemWarehouseCustom": "",
        "RecurringOrderFrequency": 0,
    }


def _as_part(parent: Sold, parent_number: int, line: Sold) -> dict[str, Any]:
    return {
        "ItemDescription": f"Bundle Item: {parent.sku}<br>{line.name}",
        "ItemAdditionalField3": str(parent_number),
        "ItemPageAdded": "",
        "ItemDateAdded": NO_DATE,
        "ItemUnitStock": 0.0,
    }


def _options(line: Sold) -> str:
    if line.variant:
        return f",{line.variant.number}"
    parts = line.product.parts if line.product and line.part_of is None else ()
    return "".join(f",{_FIRST_PART + place}" for place, _ in enumerate(parts))


def _description(line: Sold) -> str:
    text = line.name
    if line.variant and line.product:
        text += f"<br><b>{line.product.choice}:</b>&nbsp;{line.variant.name}"
    if line.wish:
        text += f"<br><b>{line.wish[0]}:</b>&nbsp;{line.wish[1]} - ${line.surcharge:.2f}"
    return text
