"""The rate budget of one store: shared through the database, and only for a flow that is open."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub_core.channels.naming import store_named
from hub_core.domain.errors import FlowClosedError, LeaseLostError, PluginError, SupersededError
from hub_core.domain.integrations import TELLING, Flow
from hub_core.storage.budgets import BudgetRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.domain.budget import RateBudget
    from hub_core.storage.database import Database
    from hub_core.storage.flows import Lease
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.budget")

_PUSHING_PART = 5
_DEFAULT = "default"


@dataclass(slots=True)
class Sending:
    """The *listings* whose figures a flow is about to send: no request leaves once one of them has changed.

    Where it sends what must not be sent twice, none leaves either once its *lease* does not hold any more.
    """

    listings: Collection[int] = ()
    lease: Lease | None = None


class _NoRoomError(Exception):
    """One of several budgets has no room for *wait* seconds, so that nothing may be taken of the others either."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBudget:
    """Hands out the requests of one store.

    *scope* names the store, as `scope_of` does. *flow* is the one that asks; None stands for what a person asks for
    (authorise, verify), which needs no open flow.
    """

    database: Database
    scope: str
    budgets: Sequence[RateBudget]
    flow: tuple[int, Flow] | None = None
    sending: Sending = field(default_factory=Sending)

    async def take(self, name: str, cost: int) -> float:
        """Take *cost* requests of each budget that *name* stands for, or of none: 0.0 where granted, else the wait.

        Raises FlowClosedError, and SupersededError where what is to be sent has changed; nothing is taken then. Raises
        PluginError for a budget that the channel does not state, and for a *cost* below one.
        """
        budgets = self._named(name)
        if cost < 1:
            raise self._fault(f"it costs {cost} of the rate budget '{name}', where every request costs one at least")
        if not budgets:
            if self.flow is not None:
                await self.database.read(self._check)
            return 0.0

        try:
            return await self.database.write(lambda connection: self._take(connection, budgets, cost))
        except _NoRoomError as refusal:
            return refusal.wait

    def _take(self, connection: Connection, budgets: Sequence[tuple[str, RateBudget]], cost: int) -> float:
        self._check(connection)
        rows = BudgetRepository(connection, self.database.epoch_sql())
        for place, (scope, budget) in enumerate(budgets):
            wait = rows.take(scope, budget, cost, self._reserve(budget))
            if wait and place:
                raise _NoRoomError(wait)
            if wait:
                return wait
        return 0.0

    def _reserve(self, budget: RateBudget) -> int:
        """Tell how many requests a flow that reads leaves to pushes and people: a fifth of what is granted at once."""
        reads = self.flow is not None and self.flow[1] not in TELLING
        return budget.depth // _PUSHING_PART if reads else 0

    async def room(self, name: str) -> float:
        """Tell the seconds until a request would be granted, and take none."""
        budgets = self._named(name)

        def room(connection: Connection) -> float:
            rows = BudgetRepository(connection, self.database.epoch_sql())
            return max(rows.room(scope, budget, self._reserve(budget)) for scope, budget in budgets)

        return await self.database.read(room) if budgets else 0.0

    def _check(self, connection: Connection) -> None:
        if self.flow is None:
            return
        if self.sending.listings:
            is_open, is_superseded = PushRepository(connection, *self.flow).may_leave(self.sending.listings)
        else:
            is_open, is_superseded = FlowRepository(connection, self.database).is_open(*self.flow), False
        if not is_open:
            raise FlowClosedError
        if self.sending.lease is not None and not FlowRepository(connection, self.database).holds(self.sending.lease):
            raise LeaseLostError
        if is_superseded:
            raise SupersededError

    async def throttled(self, name: str, retry_after: float) -> None:
        """Note for all processes that the store refused.

        Where a name stands for budgets of both scopes, the store's own is meant: one store that is asked too much, or
        out of order, must not silence all others.
        """
        named = self._named(name)
        if not named:
            return
        scope, budget = named[0]

        def close(connection: Connection) -> float | None:
            rows = BudgetRepository(connection, self.database.epoch_sql())
            return rows.rate(scope, budget) if rows.throttled(scope, budget, retry_after) else None

        rate = await self.database.write(close)
        if rate is not None:
            logger.warning(
                "%s refuses requests; from now on the hub asks at most %.2g a second, of %g that its channel states.",
                scope,
                rate,
                budget.per_second,
            )

    def _named(self, name: str) -> list[tuple[str, RateBudget]]:
        """Give the budgets of this *name*, each with its scope and the store's own first; a rate of 0 is no limit.

        All take them in that order, so that nobody waits for a row while he holds one that is waited for.
        """
        stated = [budget for budget in self.budgets if budget.name == name]
        if not stated and (self.budgets or name != _DEFAULT):
            raise self._fault(f"it names the rate budget '{name}', which describe_channel does not state")
        limits = sorted((budget for budget in stated if budget.per_second), key=lambda budget: budget.scope != "store")
        return [(self.scope if budget.scope == "store" else self._channel, budget) for budget in limits]

    @property
    def _channel(self) -> str:
        return self.scope.partition("/")[0]

    def _fault(self, what: str) -> PluginError:
        return PluginError(self._channel, "a request", what)


def scope_of(channel: Channel, row: IntegrationRow, settings: BaseModel | None = None) -> str:
    """Name the store that a rate budget belongs to; one that is not connected yet as its *settings* name it."""
    if row.store is None and settings is not None:
        named = store_named(channel, settings)
    else:
        named = row.store.key if row.store else None
    return f"{channel.key}/{named or row.id}"
