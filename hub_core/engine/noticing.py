"""Noticing that a flow is in trouble, or out of it again, and telling each once: whichever process looks first.

What is in trouble is decided by the same rules by which it is shown. A mark in the flow's row, changed in the
transaction of the event, makes sure that nobody tells it twice, also after a restart.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import HealthState
from hub_core.services.health.cases import Case, Owner, Verdict
from hub_core.services.health.freshness import GRACE
from hub_core.services.health.reasons import PASSING, judged
from hub_core.services.health.surroundings import Surroundings
from hub_core.storage.events import EventRepository
from hub_core.storage.marks import MarkRepository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.marks import Key, Suspect

EVERY_SECONDS: Final = 10.0
LASTING: Final = timedelta(minutes=5)
"""For how long a flow fails before that is told: what is over sooner is no news."""
_MOST: Final = 1000
"""Flows that are judged at one look; the next look goes on behind them."""


class Noticing:
    """Looks after all flows, those of other processes too."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._after = self._begins = 0
        self._look_at = parts.clock.monotonic()
        self._suspected: dict[Key, datetime | None] = {}

    async def look_once_in_a_while(self) -> None:
        """Look, unless that was done a moment ago."""
        if self._parts.clock.monotonic() >= self._look_at:
            self._look_at = self._parts.clock.monotonic() + EVERY_SECONDS
            await self.look()

    async def look(self) -> None:
        """Look once, and tell what has changed. Raises StorageError."""
        look = await self._judged()
        troubled = [one for one in look if one[0].flow.late_since is None and _is_trouble(*one)]
        ended = [one for one in look if one[0].flow.late_since is not None and _is_over(*one)]
        begun = [one for one in troubled if self._lasts(*one)]
        self._suspect([case for case, _ in troubled])
        if begun or ended:
            await self._tell(begun, ended)

    async def _judged(self) -> list[tuple[Case, Verdict]]:
        database = self._parts.database

        def read(connection: Connection) -> tuple[list[Suspect], Surroundings | None]:
            found = MarkRepository(connection, database).suspects(self._after, _MOST, GRACE, PASSING)
            return found, Surroundings.read(connection, database) if found else None

        found, around = await database.read(read)
        # An integration whose flows are only partly among them is looked at again as a whole.
        self._begins, self._after = self._after, found[-1].flow.integration_id - 1 if len(found) == _MOST else 0
        if around is None:
            return []
        cases = [Case(one.flow, Owner(*one[1:]), around) for one in found]
        return [(case, judged(case)) for case in cases]

    def _lasts(self, case: Case, verdict: Verdict) -> bool:
        """Tell whether it was so at the last look, and has not got on since: else it may be over in a second."""
        there, planned_at = _key(case) in self._suspected, self._suspected.get(_key(case))
        return there and (verdict.state is HealthState.FAILING or planned_at == case.flow.planned_at)

    def _suspect(self, cases: list[Case]) -> None:
        """Remember what was seen at this look, and of the integrations that it left out what was seen before."""
        ends = self._after or None
        left_out = {
            key: seen for key, seen in self._suspected.items() if key[0] <= self._begins or (ends and key[0] > ends)
        }
        self._suspected = left_out | {_key(case): case.flow.planned_at for case in cases}

    async def _tell(self, begun: list[tuple[Case, Verdict]], ended: list[tuple[Case, Verdict]]) -> None:
        database, now = self._parts.database, self._parts.clock.now()

        def tell(connection: Connection) -> None:
            marks = MarkRepository(connection, database)
            marked, cleared = marks.change([_key(case) for case, _ in begun], [_key(case) for case, _ in ended], now)
            events = [_troubled(*one) for one in begun if _key(one[0]) in marked]
            events += [_recovered(case) for case, _ in ended if _key(case) in cleared]
            EventRepository(connection).record(events, now)

        await database.write(tell)


def _is_trouble(case: Case, verdict: Verdict) -> bool:
    lasts = case.is_late or verdict.since is None or case.now - verdict.since >= LASTING
    return verdict.state is HealthState.LATE or (verdict.state is HealthState.FAILING and lasts)


def _is_over(case: Case, verdict: Verdict) -> bool:
    """Tell whether a flow is as it should be: its data are there and not old, as after a switch they may still be."""
    fresh = case.good_since is not None and case.now - case.good_since <= case.target
    return verdict.state is HealthState.OK and fresh


def _troubled(case: Case, verdict: Verdict) -> NewEvent:
    since = verdict.since or case.now
    data = {"flow": case.flow.flow.value, "code": verdict.code, "sentence": verdict.sentence, "since": _written(since)}
    return NewEvent(f"integration.{verdict.state.value}", case.flow.integration_id, data=data)


def _recovered(case: Case) -> NewEvent:
    since = case.flow.late_since or case.now
    data = {"flow": case.flow.flow.value, "code": "ok", "sentence": "It gets on again.", "since": _written(since)}
    return NewEvent("integration.recovered", case.flow.integration_id, data=data)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _key(case: Case) -> Key:
    return case.flow.integration_id, case.flow.flow
