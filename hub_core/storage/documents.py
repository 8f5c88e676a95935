"""Writing an order down as JSON."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import BaseModel

from hub_core.domain.orders import Order

_members: Final = BaseModel.__dict__["__dict__"].__get__
"""Gives a part of an order as its members, and refuses all that is no model, without a line of Python in between.

An order has some thirty parts. Figures, moments and words msgspec knows by itself.
"""

_ENCODER: Final = msgspec.json.Encoder(enc_hook=_members)


def document_of(order: Order) -> bytes:
    """Write *order* as JSON, the same as pydantic would in twice the time. Raises ValueError where it is none."""
    try:
        return _ENCODER.encode(order.__dict__)
    except TypeError as error:
        message = "an order holds a value that JSON does not have"
        raise ValueError(message) from error
