"""Rate budgets as rows: one UPDATE per request, by one clock, the same for all processes.

**What is granted** follows the generic cell rate algorithm: a row holds the moment (`tat`) at which the store's bucket
would be empty again if nothing more were asked. At first that is `depth` at once and `per_second` in the long run.

**What a refusal teaches** is the well-known additive increase with multiplicative decrease, as with TCP:

- A refusal closes the budget for all until the store may be asked again; what the store let through at once until then
  counts as used up.
- It also lowers rate and depth by 15 %, though never below a tenth of what the channel states.
- Not so where less than a tenth of the depth has been granted since the last refusal: of many that come at the same
  moment the first one teaches, and a store that refuses even the first few requests is not asked too fast but out of
  order.
- From then on 30 % of the stated rate come back in an hour, up to the stated rate and no further.

So a back-fill at a store that lets through half as much as is stated is refused about eight times in the first hour and
four times an hour after that, and uses more than nine tenths of what there is. A rate that was lowered by mistake is
back after half an hour, from a tenth after three hours.

**Where the clock is set back**, all that a row holds moves back with it: `noted_at` is when it was last written, so a
later one than now can have no other reason. Where it is set forward, a store looks rested: at most one depth too many
may leave then, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, Double, Function, Text, and_, bindparam, case, func, select, update

from hub_core.storage.tables import rate_budgets
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from hub_core.domain.budget import RateBudget

KEPT_AFTER_REFUSAL: Final = 0.85
"""The part of its rate that a budget keeps when the store refuses."""

REGAINED_PER_SECOND: Final = 0.3 / 3600
"""The part of the stated rate that comes back each second."""

LEAST_KEPT: Final = 0.1
"""The part of the stated rate below which no refusal leads."""

_SHORTEST_WAIT: Final = 0.001


class BudgetRepository:
    """The rate budgets of all stores."""

    def __init__(self, connection: Connection, now: ColumnElement[float]) -> None:
        """Work within the transaction of *connection*, at *now* (seconds since 1970, by the clock of all processes)."""
        self._connection = connection
        told = isinstance(now, BindParameter)
        self._now = {"now": now.value} if told else {}
        self._law = _law(connection.dialect.name, now=None if told else now)

    def take(self, scope: str, budget: RateBudget, cost: int, reserve: int = 0) -> float:
        """Take *cost* requests, leaving *reserve* to others: 0.0 where granted, else the seconds to wait."""
        given = self._given(scope, budget, cost, reserve)
        if self._connection.execute(self._law.take, given).first() is not None:
            return 0.0
        found = self._connection.execute(self._law.look, given).first()
        if found is None:
            self._begin(scope, budget)
            return self.take(scope, budget, cost, reserve)
        if found.set_back:
            self._connection.execute(self._law.set_back, given)
        return max(float(found.wait), _SHORTEST_WAIT)

    def room(self, scope: str, budget: RateBudget, reserve: int = 0) -> float:
        """Tell the seconds until one request would be granted; 0.0 where it would be now, or only `take` can tell."""
        found = self._connection.execute(self._law.look, self._given(scope, budget, 1, reserve)).first()
        return 0.0 if found is None or found.set_back else max(found.wait, 0.0)

    def rate(self, scope: str, budget: RateBudget) -> float:
        """Tell how many requests a second are granted now in the long run."""
        found = self._connection.execute(self._law.look, self._given(scope, budget)).first()
        return budget.per_second if found is None else found.rate

    def throttled(self, scope: str, budget: RateBudget, retry_after: float) -> bool:
        """Close the budget for *retry_after* seconds, and tell whether that has lowered its rate."""
        given = {**self._given(scope, budget), "pause": retry_after}
        before = self.rate(scope, budget)
        if not self._connection.execute(self._law.close, given).rowcount:
            self._begin(scope, budget)
            self._connection.execute(self._law.close, given)
        return self.rate(scope, budget) < before

    def _given(self, scope: str, budget: RateBudget, cost: int = 1, reserve: int = 0) -> dict[str, Any]:
        return {
            "store": scope,
            "budget": budget.name,
            "depth": budget.depth,
            "stated": budget.per_second,
            "cost": cost,
            "reserve": reserve,
            **self._now,
        }

    def _begin(self, scope: str, budget: RateBudget) -> None:
        new = {"scope": scope, "name": budget.name, "tat": 0.0, "closed_until": 0.0, "slow_until": 0.0}
        self._connection.execute(insert_new(self._connection, rate_budgets), new)


class _Law:
    """The statements, made once, since that takes longer than to run them."""

    def __init__(self, *, on_sqlite: bool, now: ColumnElement[float]) -> None:
        self._on_sqlite = on_sqlite
        self._now = now
        self._reckon()
        row, this = rate_budgets.c, and_(rate_budgets.c.scope == _STORE, rate_budgets.c.name == _BUDGET)
        was_set_back = row.noted_at > now
        self.look = select(self._wait.label("wait"), self._rate.label("rate"), was_set_back.label("set_back")).where(
            this
        )
        moved = {"closed_until": self._closed_until, "slow_until": self._slow_until, "noted_at": now}
        self.set_back = update(rate_budgets).where(this, was_set_back).values(tat=self._filled_until, **moved)
        self.take = (
            update(rate_budgets)
            .where(this, self._wait <= 0)
            .values(tat=self._filled_until + self._seconds, granted=self._least(row.granted + _COST, _DEPTH), **moved)
            .returning(row.granted)
        )
        self.close = update(rate_budgets).where(this).values(**self._closed(), noted_at=now, granted=0)

    def _reckon(self) -> None:
        """Say what the row means now; a rested store may be asked for any number."""
        row, now = rate_budgets.c, self._now
        set_back = self._greatest(row.noted_at - now, 0.0)
        self._closed_until, self._slow_until = row.closed_until - set_back, row.slow_until - set_back
        self._filled_until = self._greatest(row.tat - set_back, now)
        regained = self._greatest(now - self._slow_until, 0.0) * (_STATED * REGAINED_PER_SECOND)
        learnt = self._greatest(func.coalesce(row.rate, _STATED) + regained, _STATED * LEAST_KEPT)
        self._rate = self._least(learnt, _STATED)
        self._seconds = _COST / self._rate
        spare = self._greatest((_DEPTH - _RESERVE) / _STATED - self._seconds, 0.0)
        self._wait = self._greatest(self._closed_until - now, self._filled_until - now - spare)

    def _closed(self) -> dict[str, ColumnElement[float]]:
        until = self._greatest(self._closed_until, self._now + _PAUSE)
        teaches = rate_budgets.c.granted * 10 >= _DEPTH
        lowered = self._greatest(self._rate * KEPT_AFTER_REFUSAL, _STATED * LEAST_KEPT)
        return {
            "tat": until + _DEPTH / _STATED,
            "closed_until": until,
            "slow_until": self._greatest(self._slow_until, until),
            "rate": case((teaches, lowered), (self._rate < _STATED, self._rate), else_=None),
            "refusals": rate_budgets.c.refusals + 1,
        }

    def _greatest(self, *values: ColumnElement[Any] | float) -> ColumnElement[float]:
        return Function("max" if self._on_sqlite else "greatest", *values, type_=Double)

    def _least(self, *values: ColumnElement[Any] | float) -> ColumnElement[float]:
        return Function("min" if self._on_sqlite else "least", *values, type_=Double)


_STORE, _BUDGET = bindparam("store", type_=Text), bindparam("budget", type_=Text)
_DEPTH, _STATED, _COST, _RESERVE, _PAUSE = (
    bindparam(name, type_=Double) for name in ("depth", "stated", "cost", "reserve", "pause")
)
_laws: dict[tuple[str, bool], _Law] = {}


def _law(dialect: str, now: ColumnElement[float] | None) -> _Law:
    """Give the statements for a *dialect*, with the time by its own clock, or else as the parameter `now`."""
    kind = dialect, now is None
    if kind not in _laws:
        clock = bindparam("now", type_=Double) if now is None else now
        _laws[kind] = _Law(on_sqlite=dialect == "sqlite", now=clock)
    return _laws[kind]
