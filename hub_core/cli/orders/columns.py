"""Orders as rows of a sheet: one per line item, each with what the whole order says."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub_core.domain.orders import OrderLine, StoredOrder

Cell = str | int | Decimal | datetime | None

_OF_ORDER: dict[str, "Callable[[StoredOrder], Cell]"] = {
    "order_id": lambda order: order.id,
    "integration_id": lambda order: order.integration_id,
    "external_id": lambda order: order.external_id,
    "number": lambda order: order.number,
    "status": lambda order: order.status.value,
    "channel_status": lambda order: order.channel_status.label or order.channel_status.id,
    "placed_at": lambda order: order.placed_at,
    "updated_at": lambda order: order.updated_at,
    "buyer_name": lambda order: order.buyer.name,
    "buyer_company": lambda order: order.buyer.company,
    "buyer_email": lambda order: order.buyer.email,
    "buyer_phone": lambda order: order.buyer.phone,
    "currency": lambda order: order.total.currency,
    "order_subtotal": lambda order: order.subtotal.amount,
    "order_discount": lambda order: order.discount.amount,
    "order_shipping": lambda order: order.shipping.amount,
    "order_tax": lambda order: order.tax.amount,
    "order_total": lambda order: order.total.amount,
}
_OF_LINE: dict[str, "Callable[[OrderLine], Cell]"] = {
    "line": lambda line: line.external_id,
    "sku": lambda line: line.sku,
    "name": lambda line: line.name,
    "options": lambda line: "; ".join(f"{option.name}: {option.value}" for option in line.options),
    "quantity": lambda line: line.quantity,
    "unit_price": lambda line: line.unit_price.amount,
    "line_total": lambda line: line.total.amount,
    "bundle_parent": lambda line: line.bundle_parent,
    "shipment": lambda line: line.shipment,
}
_OF_SHIPMENT = ("shipping_method", "tracking_number", "shipped_at")

COLUMNS = ("line_number", *_OF_ORDER, *_OF_LINE, *_OF_SHIPMENT)
"""`line_number` counts from 1 within an order: what an order says stands on every row, so sum it where this is 1."""

NUMBERS = ("line_number", "order_id", "integration_id")
AMOUNTS = (
    "order_subtotal",
    "order_discount",
    "order_shipping",
    "order_tax",
    "order_total",
    "unit_price",
    "line_total",
)
TIMES = ("placed_at", "updated_at", "shipped_at")


def rows_of(order: "StoredOrder") -> Iterator[dict[str, Cell]]:
    """Yield a row for each line of *order*, or one without a line where it has none."""
    told: dict[str, Cell] = {name: read(order) for name, read in _OF_ORDER.items()}
    shipments = {shipment.external_id: shipment for shipment in order.shipments}
    if not order.lines:
        yield {**dict.fromkeys(COLUMNS), "line_number": 1, **told}
    for number, line in enumerate(order.lines, 1):
        shipment = shipments.get(line.shipment or "")
        yield {
            "line_number": number,
            **told,
            **{name: read(line) for name, read in _OF_LINE.items()},
            "shipping_method": shipment.method if shipment else None,
            "tracking_number": shipment.tracking_number if shipment else None,
            "shipped_at": shipment.shipped_at if shipment else None,
        }
