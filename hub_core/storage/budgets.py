"""Rate budgets as rows: one UPDATE per request, the same for all processes.

The rule is the generic cell rate algorithm: a row holds the moment (`tat`) at which the store's bucket would be empty
again if nothing more were asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, case, select, update

from hub_core.domain.budget import RateBudget
from hub_core.storage.tables import rate_budgets
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

SLOW_SECONDS = 60.0
"""How long a budget is halved after the store refused."""


class BudgetRepository:
    """The rate budgets of all stores."""

    def __init__(self, connection: Connection, now: ColumnElement[float]) -> None:
        """Work within the transaction of *connection*, at *now* (seconds since 1970, by the clock of all processes)."""
        self._connection = connection
        self._now = now

    def take(self, scope: str, budget: RateBudget, cost: int, reserve: int = 0) -> float:
        """Take *cost* requests, leaving *reserve* to others: 0.0 where granted, else the seconds to wait."""
        row = rate_budgets.c
        step = cost / budget.per_second * case((row.slow_until > self._now, 2.0), else_=1.0)
        start = case((row.tat > self._now, row.tat), else_=self._now)
        room = max(budget.depth - reserve, cost) / budget.per_second
        statement = (
            update(rate_budgets)
            .where(
                self._key(scope, budget.name),
                row.closed_until <= self._now,
                start + cost / budget.per_second <= self._now + room,
            )
            .values(tat=start + step)
            .returning(row.tat)
        )
        if self._connection.execute(statement).first() is not None:
            return 0.0
        return self._wait(scope, budget, cost, room)

    def _wait(self, scope: str, budget: RateBudget, cost: int, room: float) -> float:
        statement = select(rate_budgets, self._now.label("now")).where(self._key(scope, budget.name))
        row = self._connection.execute(statement).first()
        if row is None:
            new = {"scope": scope, "name": budget.name, "tat": 0.0, "closed_until": 0.0, "slow_until": 0.0}
            self._connection.execute(insert_new(self._connection, rate_budgets), new)
            return self.take(scope, budget, cost)
        filled = row.tat + cost / budget.per_second - row.now - room
        return float(max(filled, row.closed_until - row.now, 0.001))

    def room(self, scope: str, budget: RateBudget) -> float:
        """Tell the seconds until one request would be granted; 0.0 where it would be now."""
        row = self._connection.execute(
            select(rate_budgets, self._now.label("now")).where(self._key(scope, budget.name))
        ).first()
        if row is None:
            return 0.0
        filled = max(row.tat, row.now) + 1 / budget.per_second - row.now - budget.depth / budget.per_second
        return float(max(filled, row.closed_until - row.now, 0.0))

    def throttled(self, scope: str, budget: RateBudget, retry_after: float) -> None:
        """Close the budget for *retry_after* seconds, and halve it for a minute after."""
        until = self._now + retry_after
        full = until + budget.depth / budget.per_second
        self._connection.execute(
            update(rate_budgets)
            .where(self._key(scope, budget.name))
            .values(
                closed_until=case((rate_budgets.c.closed_until > until, rate_budgets.c.closed_until), else_=until),
                slow_until=until + SLOW_SECONDS,
                tat=full,
            )
        )

    @staticmethod
    def _key(scope: str, name: str) -> ColumnElement[bool]:
        return and_(rate_budgets.c.scope == scope, rate_budgets.c.name == name)
