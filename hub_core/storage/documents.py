"""Writing an order down as JSON."""

from __future__ import annotations

import msgspec
from pydantic import BaseModel

from hub_core.domain.orders import Order


def _members(value: object) -> object:
    """Give a part of an order as its members; msgspec itself knows figures, moments and words."""
    if isinstance(value, BaseModel):
        return value.__dict__
    message = f"an order holds a {type(value).__name__}, which is no JSON"
    raise ValueError(message)


_ENCODER = msgspec.json.Encoder(enc_hook=_members)


def document_of(order: Order) -> bytes:
    """Write *order* as JSON, the same as pydantic would in twice the time. Raises ValueError where it is none."""
    try:
        return _ENCODER.encode(order.__dict__)
    except TypeError as error:
        raise ValueError(str(error)) from error
