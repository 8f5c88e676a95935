"""What follows from an order that was read back, for a parcel of which its store is to be told. Pure, no rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from hub_core.channels.http import LONGEST_EXCHANGE
from hub_core.domain.errors import InputError
from hub_core.domain.fitting import fitting
from hub_core.domain.fulfilments import FulfilmentState
from hub_core.domain.traces import Holding, Trace, holding_of, trace_of

if TYPE_CHECKING:
    from hub_core.domain.orders import Order
    from hub_core.storage.fulfilments import Untold

MOST_REPEATS: Final = 2
"""How often a store is told of a parcel that left no trace there."""
MOST_STEPS: Final = 5
"""How often a parcel that was begun is gone on with."""
UNREADABLE: Final = timedelta(minutes=15)
"""After which an order is read again that could not be used."""


class Look(NamedTuple):
    """An order as the store holds it, asked for at *asked_at*; without one, *problem* says why.

    *gone*: the store has no such order any more.
    """

    asked_at: datetime
    order: Order | None
    problem: str = ""
    gone: bool = False


class Then(Enum):
    """What is done with a fulfilment."""

    SEND = "tell the store"
    SENT = "the store knows"
    REFUSE = "it cannot be told"
    ASK = "a person decides"
    WAIT = "look again later"


class Step(NamedTuple):
    """What is done, and why, by an order that was asked for at *read_at*.

    *until* is when to look again, *holding* what the order held before it was told.
    """

    then: Then
    read_at: datetime
    reason: str = ""
    until: datetime | None = None
    order: Order | None = None
    holding: Holding | None = None


def next_step(one: Untold, look: Look) -> Step:
    """Tell what is done with a fulfilment now.

    A store is told again only where the order, read so late that nothing can be on its way any more, is as it was
    before; or where it shows the tracking number, so that the channel goes on from there.
    """
    if look.order is None:
        return _without_order(one, look)
    trace = trace_of(look.order, one.lines, one.tracking_number, one.before)
    if trace is Trace.WHOLE:
        return Step(Then.SENT, look.asked_at)
    if trace is Trace.BEGUN:
        return _send(look, one.before) if one.sends < MOST_STEPS else _ask(one, look, _UNFINISHED)
    return (one.state is FulfilmentState.SENDING and _doubt(one, look, trace)) or _tell(one, look, look.order)


def _doubt(one: Untold, look: Look, trace: Trace) -> Step | None:
    """Tell why a store is not told again whose answer was lost; None where it surely knows nothing."""
    sure_at = sure_after(one.left_by or look.asked_at)
    if look.asked_at < sure_at:
        return Step(Then.WAIT, look.asked_at, one.reason or _LOST, sure_at)
    if trace is Trace.OTHER:
        return _ask(one, look, _CHANGED)
    return _ask(one, look, _SILENT) if one.sends >= MOST_REPEATS else None


def _tell(one: Untold, look: Look, order: Order) -> Step:
    try:
        fitting(order, one.lines, {})
    except InputError as error:
        return Step(Then.REFUSE, look.asked_at, str(error))
    return _send(look, None)


def sure_after(left_by: datetime) -> datetime:
    """Tell from when on nothing can arrive any more of what had left by a moment."""
    return left_by + timedelta(seconds=LONGEST_EXCHANGE)


def _without_order(one: Untold, look: Look) -> Step:
    if not look.gone:
        problem = f"The order cannot be read: {look.problem}"
        return Step(Then.WAIT, look.asked_at, problem, look.asked_at + UNREADABLE)
    if one.state is FulfilmentState.SENDING:
        return _ask(one, look, "and the store does not hold the order any more.")
    return Step(Then.REFUSE, look.asked_at, "The store does not hold this order any more.")


def _send(look: Look, begun_with: Holding | None) -> Step:
    order = look.order
    assert order is not None  # noqa: S101 - whoever has none never comes here
    return Step(Then.SEND, look.asked_at, order=order, holding=begun_with or holding_of(order))


def _ask(one: Untold, look: Look, how: str) -> Step:
    why = f" ({one.reason.rstrip('.')})" if one.reason and one.reason != _LOST else ""
    return Step(
        Then.ASK,
        look.asked_at,
        f"Nobody knows whether the store has taken this parcel{why}: its answer was lost, {how} Look at order "
        f"{one.number} in the store, then run: hub orders settle {one.id} sent|again|drop",
    )


_LOST: Final = "The store's answer was lost; the hub looks into the order before anything is sent again."
_UNFINISHED: Final = "and what was begun there could not be brought to its end."
_CHANGED: Final = "and the order was changed there meanwhile."
_SILENT: Final = "twice, and the order shows nothing of it."
