"""What happened, in order and without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import AwareDatetime, Field

from hub_core.domain.fact import Fact
from hub_core.domain.stock import digits

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class NewEvent(NamedTuple):
    """Something that happened, before it has its number."""

    type: str
    integration_id: int | None = None
    order_id: int | None = None
    sku: str | None = None
    data: Mapping[str, Any] = _NOTHING


def of_listing(what: str, integration_id: int, listing: tuple[int, str, str | None], **data: Any) -> NewEvent:
    """Say that something happened to a *listing*, which its id, external id and SKU name."""
    listing_id, external_id, sku = listing
    return NewEvent(what, integration_id, None, sku, {"listing": listing_id, "external_id": external_id, **data})


def from_to(before: Decimal | None, after: Decimal | None) -> dict[str, str | None]:
    """Give the data that tell what a figure was and is to be."""
    return {"from": digits(before), "to": digits(after)}


class Event(Fact):
    """Something that happened; *id* ascends without gaps in the order of the commits."""

    id: int
    type: str
    at: AwareDatetime
    integration_id: int | None = None
    order_id: int | None = None
    sku: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
