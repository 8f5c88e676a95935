"""The rate budget of one store: shared through the database, and only for a flow that is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub_core.domain.budget import RateBudget
from hub_core.domain.errors import FlowClosedError
from hub_core.domain.integrations import Flow
from hub_core.storage.budgets import BudgetRepository
from hub_core.storage.flows import FlowRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub_core.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBudget:
    """Hands out the requests of one store.

    *flow* is the one that asks; None stands for what a person asks for (authorise, verify), which needs no open flow.
    """

    database: Database
    scope: str
    budgets: Sequence[RateBudget]
    flow: tuple[int, Flow] | None = None

    async def take(self, name: str, cost: int) -> float:
        """Take *cost* requests: 0.0 where granted, else the seconds to wait. Raises FlowClosedError."""
        budget = self._named(name)
        if budget is None:
            if self.flow is not None:
                await self.database.read(self._check_open)
            return 0.0

        def take(connection: Connection) -> float:
            self._check_open(connection)
            return BudgetRepository(connection, self.database.epoch_sql()).take(self.scope, budget, cost)

        return await self.database.write(take)

    def _check_open(self, connection: Connection) -> None:
        if self.flow is not None and not FlowRepository(connection, self.database).is_open(*self.flow):
            raise FlowClosedError

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
