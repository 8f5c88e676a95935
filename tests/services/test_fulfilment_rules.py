"""The rules by which a parcel is told, put off or left to a person, tried on every way in which messages get lost."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import FulfilmentLine, Order
from hub_core.channels.http import LONGEST_EXCHANGE
from hub_core.domain.fulfilments import FulfilmentState
from hub_core.domain.traces import holding_of
from hub_core.services.fulfilment_rules import MOST_STEPS, Look, Step, Then, next_step
from hub_core.storage.fulfilments import Untold
from tests.domain.test_fitting import line, order
from tests.domain.test_traces import shipment

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
LINES = (FulfilmentLine(external_id="1", quantity=Decimal(1)),)


def untold(state: FulfilmentState = FulfilmentState.WAITING, **members: Any) -> Untold:
    told = Untold(
        id=5,
        order_id=1,
        order="X",
        number="X",
        state=state,
        lines=LINES,
        tracking_number="T1",
        carrier="",
        shipped_at=START,
        reason="",
        sends=0,
        before=None,
        left_by=None,
    )
    return told._replace(**members)


def plain(*numbers: str, status: str = "open") -> Order:
    return order(
        line("1"), line("2"), status=status, shipments=[shipment(str(n), one) for n, one in enumerate(numbers)]
    )


@dataclass
class Store:
    """A store that makes a shipment for each message that reaches it, some of them late."""

    made: list[datetime] = field(default_factory=list)
    on_its_way: list[datetime] = field(default_factory=list)

    def at(self, now: datetime) -> Order:
        """Let come what has come by then, and show the order."""
        self.made += [one for one in self.on_its_way if one <= now]
        self.on_its_way = [one for one in self.on_its_way if one > now]
        return plain(*("T1" for _ in self.made))


NEVER = None
ARRIVALS = st.none() | st.floats(0, LONGEST_EXCHANGE)
LOSSES = st.sampled_from(["answered", "lost", "died", "never left"])


@given(st.lists(st.tuples(st.floats(0, 900), LOSSES, ARRIVALS, st.floats(0, 60)), min_size=1, max_size=12))
def test_whatever_is_lost_and_however_late_it_comes_one_parcel_is_made_at_most(
    turns: list[tuple[float, str, float | None, float]],
) -> None:
    store, one, now = Store(), untold(), START
    for wait, ends, arrives, error_after in turns:
        now += timedelta(seconds=wait)
        step = next_step(one, Look(now, store.at(now)))
        if step.then is Then.WAIT:
            assert step.until is not None
            one = one._replace(left_by=one.left_by or now)
        if step.then is not Then.SEND:
            if step.then is Then.WAIT:
                continue
            break
        one = _sent(one, step, store, now, (ends, arrives, error_after))
    store.at(datetime.max.replace(tzinfo=UTC))
    assert len(store.made) <= 1


def _sent(one: Untold, step: Step, store: Store, now: datetime, how: tuple[str, float | None, float]) -> Untold:
    """Tell the store: its first request, unless that shows already, is lost on one of many ways."""
    ends, arrives, error_after = how
    if ends == "never left":
        return one
    assert step.order is not None
    if not step.order.shipments:
        delay = 0.0 if ends == "answered" else arrives
        store.on_its_way += [] if delay is None else [now + timedelta(seconds=delay)]
    left_by = None if ends == "died" else now + timedelta(seconds=error_after)
    told: dict[str, Any] = {
        "state": FulfilmentState.SENDING,
        "sends": one.sends + 1,
        "before": step.holding,
        "left_by": left_by,
    }
    return one._replace(**told)


@pytest.mark.parametrize("asked", [plain(), plain("OTHER")])
def test_a_parcel_that_was_never_told_is_told_with_what_the_order_holds_now(asked: Order) -> None:
    step = next_step(untold(), Look(START, asked))
    assert (step.then, step.order, step.holding) == (Then.SEND, asked, holding_of(asked))


def test_what_was_begun_is_gone_on_with_by_what_it_was_compared_with_at_first() -> None:
    before = holding_of(plain())
    one = untold(FulfilmentState.SENDING, before=before, sends=1, left_by=START)
    step = next_step(one, Look(START, plain("T1")))
    assert (step.then, step.holding) == (Then.SEND, before)
    asked = next_step(one._replace(sends=MOST_STEPS), Look(START, plain("T1")))
    assert asked.then is Then.ASK


def test_an_order_that_was_cancelled_after_a_loss_is_not_told_again() -> None:
    one = untold(FulfilmentState.SENDING, before=holding_of(plain()), sends=1, left_by=START)
    later = START + timedelta(seconds=LONGEST_EXCHANGE)
    step = next_step(one, Look(later, plain(status="cancelled")))
    assert (step.then, step.reason) == (Then.REFUSE, "Order X is cancelled, so nothing of it is shipped.")


def test_why_the_answer_was_lost_is_said_to_who_must_decide() -> None:
    one = untold(FulfilmentState.SENDING, before=holding_of(plain()), sends=2, left_by=START)
    later = START + timedelta(seconds=LONGEST_EXCHANGE)
    step = next_step(one._replace(reason="The store broke off."), Look(later, plain()))
    assert step.then is Then.ASK
    assert "(The store broke off): its answer was lost, twice" in step.reason


@pytest.mark.parametrize(
    ("state", "then"), [(FulfilmentState.WAITING, Then.REFUSE), (FulfilmentState.SENDING, Then.ASK)]
)
def test_of_an_order_that_is_gone_nothing_can_be_looked_up(state: FulfilmentState, then: Then) -> None:
    assert next_step(untold(state), Look(START, None, gone=True)).then is then


@pytest.mark.parametrize("state", [FulfilmentState.WAITING, FulfilmentState.SENDING])
def test_an_order_that_cannot_be_read_is_read_again_later(state: FulfilmentState) -> None:
    step = next_step(untold(state), Look(START, None, "No total."))
    assert (step.then, step.until) == (Then.WAIT, START + timedelta(minutes=15))
