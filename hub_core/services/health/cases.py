"""What is judged: one flow of one integration, with all that its health depends on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from hub_core.domain.integrations import Flow, HealthState
from hub_core.services.health.freshness import due_since, good_since, is_late, target_of, wanted_since

if TYPE_CHECKING:
    from datetime import timedelta

    from hub_core.domain.integrations import Rules
    from hub_core.services.health.surroundings import Surroundings
    from hub_core.storage.standings import FlowFacts

FIGURES: Final = {
    Flow.ORDERS: "orders",
    Flow.LISTINGS: "listings",
    Flow.STOCK: "stock figures",
    Flow.PRICES: "prices",
    Flow.FULFILMENT: "fulfilments",
}


class Verdict(NamedTuple):
    """How a flow is doing: a *code* for programs, a *sentence* with the next step for people."""

    state: HealthState
    code: str
    sentence: str
    since: datetime | None = None


class Owner(NamedTuple):
    """The integration whose flow is judged; *store* is the key of its store, or else its own id."""

    name: str
    channel: str
    store: str
    rules: Rules
    connected_at: datetime | None


@dataclass(frozen=True)
class Case:
    """A flow, the integration that it belongs to, and what is around them."""

    flow: FlowFacts
    owner: Owner
    around: Surroundings

    @property
    def now(self) -> datetime:
        """Give the moment of the judgement."""
        return self.around.now

    @property
    def figures(self) -> str:
        """Name what the flow reads or tells."""
        return FIGURES.get(self.flow.flow, str(self.flow.flow))

    @cached_property
    def target(self) -> timedelta:
        """Tell how old the data of the flow may be."""
        return target_of(self.flow.flow, self.owner.rules)

    @cached_property
    def good_since(self) -> datetime | None:
        """Tell of when the newest known-good data are."""
        return good_since(self.flow, self.now)

    @cached_property
    def wanted_since(self) -> datetime | None:
        """Tell since when the flow should have got on."""
        return wanted_since(self.flow, self.now)

    @cached_property
    def due_since(self) -> datetime | None:
        """Tell since when somebody should work on it."""
        return due_since(self.flow, self.now)

    @cached_property
    def is_late(self) -> bool:
        """Tell whether the data are older than they may be."""
        return is_late(self.flow, self.target, self.owner.connected_at, self.now)

    @property
    def late_since(self) -> datetime | None:
        """Tell what the lateness is reckoned from."""
        return self.good_since or self.owner.connected_at

    @property
    def closed_until(self) -> datetime | None:
        """Tell until when the store lets nothing through."""
        return self.around.closed_until(self.owner.channel, self.owner.store)
