"""What becomes of a change, as the hub is told it."""

from __future__ import annotations

from hub_core import Accepted, Outcome, Refused, RetryLater
from hub_threedcart.writes import Verdict


def outcome(listing: str, verdict: Verdict) -> Outcome:
    """Say of *listing* what the platform said of it."""
    if not verdict.fault:
        return Accepted(listing)
    return RetryLater(listing, verdict.fault) if verdict.later else Refused(listing, verdict.fault)


def nameless(listing: str) -> Outcome:
    """Refuse a listing that names nothing which 3DCart could have."""
    return Refused(listing, f"'{listing}' names no product of 3DCart; read the listings again.")
