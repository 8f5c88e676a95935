"""What a channel says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field

from hub_core.domain.budget import RateBudget
from hub_core.domain.fact import Fact
from hub_core.domain.polls import Poll

CONTRACT_VERSION: Final = 1
"""The version of the contract between core and plugins; another number is refused with a reason."""


def _each_once(budgets: tuple[RateBudget, ...]) -> tuple[RateBudget, ...]:
    if len({(budget.name, budget.scope) for budget in budgets}) < len(budgets):
        raise ValueError("there are two rate budgets of the same name and scope")
    return budgets


class ChannelInfo(Fact):
    """What a channel is and what it needs, in one place.

    The models are pydantic classes: their titles, descriptions, examples and patterns make prompts, forms and checks.
    *scrub* names the members whose values never enter the hub, such as card numbers; *scrub_parameters* likewise
    parameters of addresses, in whatever text they stand, such as a key that opens an order. *environment* tells the
    environment variables that the channel itself reads, with the values in force and no secrets. *stock_batch* and
    *price_batch* say how many listings a push may bear at most, *fulfilment_batch* how many parcels: more than one
    only where one request tells of all, since a lost answer leaves all in doubt. *store_key* gives, without I/O, the
    key of the store that settings name, as its `StoreIdentity` has it; without it, no callback finds an integration
    that waits. *callback_methods* include GET where the platform asks for the callback address before it posts there.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    company: str
    description: str
    contract_version: int
    settings: type[BaseModel]
    credentials: type[BaseModel]
    application: type[BaseModel] | None = None
    settings_version: int = 1
    logo_svg: str = ""
    rate_budgets: Annotated[tuple[RateBudget, ...], AfterValidator(_each_once)] = ()
    polls: tuple[Poll, ...] = (Poll.NEW,)
    stock_batch: int = Field(default=100, ge=1, le=10_000)
    price_batch: int = Field(default=100, ge=1, le=10_000)
    fulfilment_batch: int = Field(default=1, ge=1, le=1000)
    scrub: tuple[str, ...] = ()
    scrub_parameters: tuple[str, ...] = ()
    store_key: Callable[[Any], str] | None = None
    callback_methods: frozenset[Literal["GET", "POST"]] = frozenset({"POST"})
    environment: dict[str, str] = Field(default_factory=dict)


class AuthorizationStep(Fact):
    """How the merchant lets the hub in: what to do, in order, and which fields the answer has."""

    method: str = Field(pattern="^(token|redirect)$")
    instructions: tuple[str, ...] = ()
    url: str | None = None


class ChannelFault(Fact):
    """A plugin that could not be loaded, and why."""

    key: str
    distribution: str
    reason: str
