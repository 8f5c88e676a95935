"""What of an order can be shipped: never more than is left of a line, and nothing that somebody else sends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from hub_core.domain.errors import ConflictError, InputError
from hub_core.domain.fulfilments import FulfilmentLine
from hub_core.domain.orders import FulfilledBy, Order, OrderLine, OrderStatus
from hub_core.domain.stock import NOTHING, plain


def fitting(
    order: Order, wanted: Sequence[FulfilmentLine] | None, under_way: Mapping[str, Decimal]
) -> tuple[FulfilmentLine, ...]:
    """Give the lines to ship: those *wanted*, or all that is left, if that is as much as there is.

    *under_way* are units, by line, of which the store is being told already. Raises ConflictError where it is too
    much, InputError where a line cannot be shipped at all.
    """
    if order.status is OrderStatus.CANCELLED:
        raise ConflictError(f"Order {order.number} is cancelled, so nothing of it is shipped.")
    if wanted is None:
        return _all(order, under_way)
    lines = {line.external_id: line for line in order.lines}
    parts = _parts(order)
    for one in wanted:
        _check(order, lines.get(one.external_id), parts.get(one.external_id, ()), one, under_way)
    return tuple(wanted)


def left(order: Order, line: OrderLine, under_way: Mapping[str, Decimal]) -> Decimal:
    """Tell how many units of a line nobody ships yet.

    That an order is shipped is believed of all its lines only where none of them says what has left.
    """
    told = any(one.shipped for one in order.lines)
    if order.status is OrderStatus.CANCELLED or (order.status is OrderStatus.SHIPPED and not told):
        return NOTHING
    units = line.quantity - line.cancelled - line.shipped - under_way.get(line.external_id, NOTHING)
    return plain(max(units, NOTHING))


def shippable(order: Order) -> list[OrderLine]:
    """List the lines that the merchant ships: not those the channel does, and of a bundle the parts."""
    parts = _parts(order)
    return [
        line
        for line in order.lines
        if line.fulfilled_by is FulfilledBy.MERCHANT and line.external_id not in parts and line.quantity > 0
    ]


def _all(order: Order, under_way: Mapping[str, Decimal]) -> tuple[FulfilmentLine, ...]:
    units = {line.external_id: left(order, line, under_way) for line in shippable(order)}
    found = tuple(FulfilmentLine(external_id=name, quantity=much) for name, much in units.items() if much > 0)
    if not found:
        why = "is under way already" if any(under_way.values()) else "has been shipped already, as its store says"
        raise ConflictError(f"Everything of order {order.number} {why}.")
    return found


def _check(
    order: Order,
    line: OrderLine | None,
    parts: Sequence[str],
    wanted: FulfilmentLine,
    under_way: Mapping[str, Decimal],
) -> None:
    name = wanted.external_id
    if line is None:
        known = ", ".join(one.external_id for one in shippable(order)) or "none"
        raise _unfit(name, f"Order {order.number} has no line {name}; those that can be shipped: {known}.")
    if parts:
        raise _unfit(name, f"Line {name} is a bundle; name what of it is shipped: {', '.join(parts)}.")
    if line.fulfilled_by is not FulfilledBy.MERCHANT:
        raise _unfit(name, f"Line {name} is sent by the store itself.")
    units = left(order, line, under_way)
    if wanted.quantity > units:
        rest = f"only {units:f} are left" if units else "nothing is left"
        raise ConflictError(
            f"{wanted.quantity:f} of line {name} cannot be shipped: of {line.quantity:f} {rest}, the others are "
            "cancelled, shipped or under way.",
            fields={name: rest},
        )


def _unfit(name: str, sentence: str) -> InputError:
    return InputError(sentence, fields={name: sentence})


def _parts(order: Order) -> dict[str, list[str]]:
    """Name the parts of each bundle by its line."""
    there = {line.external_id for line in order.lines}
    parts: dict[str, list[str]] = {}
    for line in order.lines:
        if line.bundle_parent in there and line.bundle_parent is not None:
            parts.setdefault(line.bundle_parent, []).append(line.external_id)
    return parts
