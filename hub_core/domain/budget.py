"""The rate budget of a store, as the client that talks to it sees it."""

from __future__ import annotations

from typing import Protocol

from hub_core.domain.fact import Fact


class RateBudget(Fact):
    """How many requests a platform allows: *depth* at once, *per_second* in the long run. A rate of 0 is no limit."""

    name: str = "default"
    depth: int
    per_second: float


class Budget(Protocol):
    """Hands out requests; shared by all processes that talk to the same store."""

    async def take(self, name: str, cost: int) -> float:
        """Take *cost* requests of the budget *name*: 0.0 where granted, else the seconds after which to ask again."""

    async def throttled(self, name: str, retry_after: float) -> None:
        """Note that the store refused: nobody asks for *retry_after* seconds, and slower for a minute."""


class NoBudget:
    """Grants everything: for stores without a limit, and for tests."""

    async def take(self, name: str, cost: int) -> float:
        """Grant it."""
        del name, cost
        return 0.0

    async def throttled(self, name: str, retry_after: float) -> None:
        """Forget it."""
        del name, retry_after
