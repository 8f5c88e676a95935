"""How 3DCart spells numbers and times, in each version of its API."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

# Members that version 1 does not know, whatever object they belong to.
_LATER_NAMES = (
    "AlternateOrderID OrderType PaymentTokenID PromotionList OrderDiscountCoupon OrderDiscountPromotion "
    "ItemAvailability ItemSerial ItemImage1 ItemImage2 ItemImage3 ItemImage4 ItemWarehouseLocation "
    "ItemWarehouseBin ItemWarehouseAisle ItemWarehouseCustom RecurringOrderFrequency "
    "QuestionAnswerIndexID Currency ManufacturerName ExternalIdsList CategoryExternalIdsList "
    "InventoryControl SampleEnable SampleName SampleSKUPrefix SamplePrice SampleWeight ReviewAverage "
    "ReviewCount CanonicalUrl"
)
_LATER = frozenset(_LATER_NAMES.split())
NO_DATE = "0001-01-01T00:00:00"


def stamp(wall: datetime) -> str:
    """Write a time of the store's wall clock: no fraction, no zone."""
    return wall.isoformat(timespec="seconds")


def read_stamp(text: Any) -> datetime | None:
    """Read a time that the store wrote; None where it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None


def dump(members: Any) -> bytes:
    """Write an object as the store sends it."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def as_version_1(text: bytes) -> bytes:
    """Rewrite an object of version 2: without what came later, and whole amounts without decimals."""
    return dump(json.loads(text, parse_float=_shortest, object_pairs_hook=_earlier))


def _shortest(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


def _earlier(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in members if name not in _LATER}
