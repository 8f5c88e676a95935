"""What happened, in order and without gaps."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from hub_core.domain.fact import Fact


class NewEvent(Fact):
    """Something that happened, before it has its number."""

    type: str
    integration_id: int | None = None
    order_id: int | None = None
    sku: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class Event(NewEvent):
    """Something that happened; *id* ascends without gaps in the order of the commits."""

    id: int
    at: AwareDatetime
