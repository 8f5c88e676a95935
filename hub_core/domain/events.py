"""What happened, in order and without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import AwareDatetime, Field

from hub_core.domain.fact import Fact

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class NewEvent(NamedTuple):
    """Something that happened, before it has its number."""

    type: str
    integration_id: int | None = None
    order_id: int | None = None
    sku: str | None = None
    data: Mapping[str, Any] = _NOTHING


class Event(Fact):
    """Something that happened; *id* ascends without gaps in the order of the commits."""

    id: int
    type: str
    at: AwareDatetime
    integration_id: int | None = None
    order_id: int | None = None
    sku: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
