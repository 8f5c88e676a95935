"""Writing an order down as JSON."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import BaseModel

from hub_core.domain.money import Money
from hub_core.domain.orders import (
    Address,
    Buyer,
    ChannelStatus,
    Comment,
    Discount,
    LineOption,
    Order,
    OrderLine,
    Payment,
    Shipment,
    Tax,
)

_PARTS: Final[frozenset[type]] = frozenset(
    (Address, Buyer, ChannelStatus, Comment, Discount, LineOption, Money, OrderLine, Payment, Shipment, Tax)
)


def _members(value: object) -> object:
    """Give a part of an order as its members; msgspec itself knows figures, moments and words."""
    if value.__class__ in _PARTS or isinstance(value, BaseModel):  # asking what it is an instance of takes long
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
