"""Data of a store that could not be used: kept, shown, never dropped."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from hub_core.domain.fact import Fact


class RejectState(StrEnum):
    """What became of a reject: only `open` ones ask for attention."""

    OPEN = "open"
    ASIDE = "aside"
    SETTLED = "settled"
    DISCARDED = "discarded"


class NewReject(Fact):
    """One record that could not be used, with its (scrubbed) text and the reason in a sentence."""

    external_id: str | None
    reason: str
    raw: str


class Reject(NewReject):
    """A reject as the hub keeps it."""

    id: int
    integration_id: int
    kind: str
    state: RejectState
    at: AwareDatetime
