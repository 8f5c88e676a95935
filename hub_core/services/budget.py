"""The rate budget of one store: shared through the database, and only for a flow that is open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub_core.domain.budget import RateBudget
from hub_core.domain.errors import FlowClosedError, SupersededError
from hub_core.domain.integrations import PUSHING, Flow
from hub_core.storage.budgets import BudgetRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.storage.database import Database
    from hub_core.storage.integrations import IntegrationRow

_PUSHING_PART = 5


@dataclass(slots=True)
class Sending:
    """The *listings* whose figures a flow is about to send: no request leaves once one of them has changed."""

    listings: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBudget:
    """Hands out the requests of one store.

    *flow* is the one that asks; None stands for what a person asks for (authorise, verify), which needs no open flow.
    """

    database: Database
    scope: str
    budgets: Sequence[RateBudget]
    flow: tuple[int, Flow] | None = None
    sending: Sending = field(default_factory=Sending)

    async def take(self, name: str, cost: int) -> float:
        """Take *cost* requests: 0.0 where granted, else the seconds to wait.

        Raises FlowClosedError, and SupersededError where what is to be sent has changed; nothing is taken then.
        """
        budget = self._named(name)
        if budget is None:
            if self.flow is not None:
                await self.database.read(self._check)
            return 0.0

        def take(connection: Connection) -> float:
            self._check(connection)
            budgets = BudgetRepository(connection, self.database.epoch_sql())
            return budgets.take(self.scope, budget, cost, self._reserve(budget))

        return await self.database.write(take)

    def _reserve(self, budget: RateBudget) -> int:
        """Tell how many requests a flow that reads leaves to those that tell the store: a fifth of what is granted."""
        reads = self.flow is not None and self.flow[1] not in PUSHING
        return budget.depth // _PUSHING_PART if reads else 0

    async def room(self, name: str) -> float:
        """Tell the seconds until a request would be granted, and take none."""
        budget = self._named(name)
        if budget is None:
            return 0.0
        return await self.database.read(
            lambda connection: BudgetRepository(connection, self.database.epoch_sql()).room(self.scope, budget)
        )

    def _check(self, connection: Connection) -> None:
        if self.flow is None:
            return
        if self.sending.listings:
            is_open, is_superseded = PushRepository(connection, *self.flow).may_leave(self.sending.listings)
        else:
            is_open, is_superseded = FlowRepository(connection, self.database).is_open(*self.flow), False
        if not is_open:
            raise FlowClosedError
        if is_superseded:
            raise SupersededError

    async def throttled(self, name: str, retry_after: float) -> None:
        """Note that the store refused, for all processes."""
        budget = self._named(name)
        if budget is not None:
            await self.database.write(
                lambda connection: BudgetRepository(connection, self.database.epoch_sql()).throttled(
                    self.scope, budget, retry_after
                )
            )

    def _named(self, name: str) -> RateBudget | None:
        """Give the budget *name*; one with a rate of 0 is switched off."""
        for budget in self.budgets:
            if budget.name == name:
                return budget if budget.per_second > 0 else None
        return None


def scope_of(channel: Channel, row: IntegrationRow) -> str:
    """Name the store that a rate budget belongs to."""
    return f"{channel.key}/{row.store.key if row.store else row.id}"
