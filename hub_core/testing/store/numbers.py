"""Numbers from JSON, and for it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from hub_core.testing.store.errors import SteeringError


def as_data(value: Any) -> Any:
    """Write a decimal as a JSON number: a whole one without decimals; anything else stays what it is."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def decimal_from(name: str, value: Any) -> Decimal:
    """Read a number, or a text that is one, exactly as it is written."""
    try:
        number = Decimal("NaN" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise SteeringError(f"{value!r} is no number for {name}.")
    return number


def whole_from(name: str, value: Any) -> int:
    """Read a whole number."""
    number = decimal_from(name, value)
    if number != number.to_integral_value():
        raise SteeringError(f"{value!r} is no whole number for {name}.")
    return int(number)
