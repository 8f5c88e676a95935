"""The rate budget of a store, as the client that talks to it sees it."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field

from hub_core.domain.fact import Fact


class RateBudget(Fact):
    """How many requests a platform allows: *depth* at once, *per_second* in the long run. A rate of 0 is no limit.

    *scope* says who shares it: all that talk to one store, or all that talk to any store by the hub's application. One
    name may stand for a budget of each scope; a request that names it then takes from both, or from none.
    """

    name: str = Field(default="default", pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    depth: int = Field(ge=1)
    per_second: float = Field(ge=0, allow_inf_nan=False)
    scope: Literal["store", "application"] = "store"


class Budget(Protocol):
    """Hands out requests; shared by all processes that talk to the same store."""

    async def take(self, name: str, cost: int) -> float:
        """Take *cost* requests of the budget *name*: 0.0 where granted, else the seconds after which to ask again."""

    async def throttled(self, name: str, retry_after: float) -> None:
        """Note that the store refused: nobody asks for *retry_after* seconds, and then all ask more slowly."""


class NoBudget:
    """Grants everything: for stores without a limit, and for tests."""

    async def take(self, name: str, cost: int) -> float:
        """Grant it."""
        del name, cost
        return 0.0

    async def throttled(self, name: str, retry_after: float) -> None:
        """Forget it."""
        del name, retry_after
