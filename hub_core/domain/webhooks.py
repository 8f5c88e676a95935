"""What a store tells by itself: where it was asked to, what it says, and what the hub makes of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a store promised to tell: *document* is any JSON by which the channel ends it again.

    Where it has an end, the hub subscribes anew before *expires_at* and ends the old one then.
    """

    document: JsonValue
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is worth another look, and the HTTP answer that the platform wants.

    *orders* are external ids; *any_orders* says that some have changed, but not which; *listings* that what the store
    offers has. *problem* says in a sentence, without secrets, why nothing can be made of it.
    """

    orders: tuple[str, ...] = ()
    any_orders: bool = False
    listings: bool = False
    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""
    problem: str = ""
