"""Fulfilments: goods of one order on their way in one parcel, and that the store is to be told so, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from pydantic import AwareDatetime

from hub_core.domain.errors import InputError
from hub_core.domain.fact import Fact
from hub_core.domain.orders import Order

LONGEST_NUMBER: Final = 100
"""Characters of a tracking number, and of a carrier's name."""


class FulfilmentState(StrEnum):
    """Where a fulfilment stands.

    `waiting`: the store is told soon. `sending`: it is being told, or its answer was lost and is looked up in the
    order. `sent`: it knows. `refused`: it will not take it, or a person has dropped it. `unknown`: nobody can tell
    whether it knows, so a person decides.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


UNDER_WAY = (FulfilmentState.WAITING, FulfilmentState.SENDING, FulfilmentState.UNKNOWN)
"""States in which nobody else may ship the same goods."""


class Decision(StrEnum):
    """What a person says of a fulfilment: the store has it, is to be told (again), or is not to be told."""

    SENT = "sent"
    AGAIN = "again"
    DROP = "drop"


class FulfilmentLine(Fact):
    """So many units of one line of an order."""

    external_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """A parcel of which a store is to be told; *order* is what the store held just before.

    An earlier try may have been cut short: what *order* shows of it already must not be done once more.
    """

    id: str
    order: Order
    lines: tuple[FulfilmentLine, ...]
    tracking_number: str
    carrier: str
    shipped_at: datetime


class StoredFulfilment(Fact):
    """A fulfilment as the hub holds it. *reason* says why it is where it is; *told_at* is when the store knew of it.

    The tracking number is gone once the order was erased of its personal data.
    """

    id: int
    integration_id: int
    order_id: int
    state: FulfilmentState
    reason: str = ""
    lines: tuple[FulfilmentLine, ...]
    tracking_number: str
    carrier: str = ""
    shipped_at: AwareDatetime
    asked_at: AwareDatetime
    sent_at: AwareDatetime | None = None
    told_at: AwareDatetime | None = None


class NewFulfilment(Fact):
    """What somebody asks to be told; without *lines*, all that is left of the order."""

    tracking_number: str
    carrier: str
    lines: tuple[FulfilmentLine, ...] | None
    shipped_at: AwareDatetime


def checked_text(name: str, value: str, *, needed: bool) -> str:
    """Give a tracking number or a carrier as it is kept. Raises InputError where it can be none."""
    text = " ".join(value.split())
    if needed and not text:
        why = "is empty; the store needs it, and the hub finds the parcel by it"
    elif len(text) > LONGEST_NUMBER:
        why = f"has more than {LONGEST_NUMBER} characters"
    elif not text.isprintable():
        why = "holds a character that cannot be printed"
    else:
        return text
    raise InputError(f"The {name.replace('_', ' ')} {why}.", fields={name: why})


def checked_lines(given: Mapping[str, object] | Sequence[tuple[str, object]]) -> tuple[FulfilmentLine, ...]:
    """Give lines that somebody names with how many units of each. Raises InputError."""
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    faults: dict[str, str] = {}
    if not pairs:
        raise InputError("No line is named; leave them out to ship all that is left.", fields={"lines": "is empty"})
    for name, value in pairs:
        if [one for one, _ in pairs].count(name) > 1:
            faults[name] = "is named twice"
        elif _units(value) is None:
            faults[name] = f"ships {str(value)[:30]!r}, which is no number of units above zero"
    if faults:
        name, why = next(iter(faults.items()))
        raise InputError(f"Line {name} {why}.", fields=faults)
    return tuple(FulfilmentLine(external_id=name, quantity=_units(value) or Decimal(0)) for name, value in pairs)


def _units(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    text = str(value).strip()
    if not (text.isascii() and text.replace(".", "", 1).isdigit()):
        return None
    units = Decimal(text)
    return units if 0 < units < 10**9 and units == round(units, 3) else None
