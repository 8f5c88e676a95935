"""Which of the flows that are due a process begins next. Pure rules.

The more urgent goes first, and of what is as urgent, the older. Some slots are kept for urgent work, which so never
waits for a back-fill to end; every tenth flow is begun by its age alone, so that nothing waits for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub_core.engine.figures import Figures
    from hub_core.storage.due_flows import DueFlow

BY_AGE: Final = 10
"""Of so many picks, one goes by age alone."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many flows may be begun, and how many of them may be such that are not urgent."""

    free: int
    routine: int


def room(figures: Figures, busy: int, routine: int) -> Room:
    """Tell the room that is left while *busy* flows are worked on, of which so many are *routine*."""
    free = max(0, figures.slots - busy)
    return Room(free, min(free, max(0, figures.slots - figures.reserved - routine)))


def oldest_needed(free: int) -> int:
    """Tell how many of the oldest must be known to pick *free* flows."""
    return free // BY_AGE + 1


def pick(due: Sequence[DueFlow], left: Room, figures: Figures, count: int) -> list[DueFlow]:
    """Give the flows to begin, in their order, after *count* picks before."""
    waiting = list(due)
    picked: list[DueFlow] = []
    free, routine = left.free, left.routine
    while free:
        fitting = [one for one in waiting if routine or one.urgency >= figures.urgent]
        if not fitting:
            break
        by_age = (count + len(picked)) % BY_AGE == BY_AGE - 1
        chosen = min(fitting, key=_age if by_age else _turn)
        waiting.remove(chosen)
        picked.append(chosen)
        free -= 1
        routine -= chosen.urgency < figures.urgent
    return picked


def _age(one: DueFlow) -> tuple[object, ...]:
    return (one.since, one.integration_id, one.flow)


def _turn(one: DueFlow) -> tuple[object, ...]:
    return (-one.urgency, *_age(one))
