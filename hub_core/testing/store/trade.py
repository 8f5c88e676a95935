"""Made-up trade: carts, orders and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hub_core.testing.store.baskets import basket
from hub_core.testing.store.dice import Dice
from hub_core.testing.store.goods import Goods
from hub_core.testing.store.people import person
from hub_core.testing.store.records import ZERO, Parcel, Payment, Person, Question, Sale, Sold

_YOUNG = {"new": 58, "unpaid": 10, "processing": 18, "shipped": 10, "cart": 3, "cancelled": 1}
_OLD = {
    "shipped": 78, "cancelled": 5, "partial": 4, "processing": 3, "on_hold": 2, "review": 1, "custom": 2, "cart": 3,
    "new": 1, "unknown": 1,
}  # fmt: skip
_METHODS = {"Credit Card": 60.0, "PayPal": 25.0, "Secure Online Payment": 10.0, "Check or Money Order": 5.0}
_CARRIERS = {
    "USPS - Priority Mail": 50.0,
    "UPS - Ground": 30.0,
    "Free Shipping (USPS Priority 2-3 business days)": 20.0,
}
_PROMOTIONS = ("Over $50 (10%)", "WELCOME10", "Staff, 10 % off")
_COMMENTS = ("Gift wrap please", "Leave at the back door — gracias!", "Ring twice &amp; wait")
_NOTES = ("Staff: customer called about delivery\r\n", "<b>Gateway</b>: AVS mismatch<br>code 27\r\n")
_CENT = Decimal("0.01")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Trade:
    """The trade of one store: *dice* decide, *products* are what can be bought, nothing happens after *now*."""

    dice: Dice
    products: Goods
    now: Callable[[], datetime]

    def history(self, count: int, days: float) -> Iterator[Sale]:
        """Make up *count* sales of the last *days*, in the order in which their carts began."""
        now = self.now()
        span = days * _DAY / _SECOND
        ages = (_SECOND * int(self.dice.random() ** 2 * span + 1) for _ in range(count))
        # Only the times are made up before they are sorted: a hundred thousand sales are much to hold.
        times = sorted((now - age - self._browsing(), now - age) for age in ages)
        for began_at, placed_at in times:
            yield self.sale(placed_at, self._state(now - placed_at), began_at=began_at)

    def sale(
        self, placed_at: datetime, state: str = "new", lines: tuple[Sold, ...] = (), began_at: datetime | None = None
    ) -> Sale:
        """Make up one sale; with *lines*, of exactly these and with nothing else that is unusual."""
        plain = bool(lines)
        lines = lines or basket(self.dice, self.products)
        buyer = person(self.dice)
        parcels = self._parcels(buyer, placed_at, state, divided=not plain and len(lines) > 1)
        lines = _spread(lines, len(parcels))
        discount, discount_name = (ZERO, "") if plain else self._discount(lines)
        tax = ZERO if plain or self.dice.hits(0.6) else (_worth(lines) * Decimal("0.0625")).quantize(_CENT)
        tax = max(tax, ZERO)
        costs = sum((parcel.cost for parcel in parcels), ZERO)
        total = (_worth(lines) + costs + tax - discount).quantize(_CENT)
        began_at = began_at or placed_at - self._browsing()
        return Sale(
            state=state,
            began_at=began_at,
            placed_at=placed_at,
            updated_at=self._updated_at(began_at, placed_at, state, parcels),
            customer=0 if self.dice.hits(0.5) else self.dice.randint(300, 9000),
            buyer=buyer,
            lines=lines,
            parcels=parcels,
            payments=self._payments(total, placed_at, state, plain=plain),
            questions=() if plain else self._questions(),
            discount=discount,
            discount_name=discount_name,
            tax=tax,
            # Where staff edited an order, its total does not add up any more.
            total=total + 5 if not plain and self.dice.hits(0.01) else total,
            comment=self.dice.choice(_COMMENTS) if self.dice.hits(0.1) else "",
            note=self.dice.choice(_NOTES) if self.dice.hits(0.05) else "",
        )

    def _state(self, age: timedelta) -> str:
        return self.dice.weighted(_YOUNG if age < 2 * _DAY else _OLD)

    def _browsing(self) -> timedelta:
        days_of_doubt = self.dice.hits(0.15)
        return _SECOND * self.dice.randint(86_400, 500_000) if days_of_doubt else _SECOND * self.dice.randint(60, 2400)

    def _updated_at(self, began_at: datetime, placed_at: datetime, state: str, parcels: tuple[Parcel, ...]) -> datetime:
        # A store keeps the cart's time until somebody touches the order: newer orders then look older.
        if state == "cart" or self.dice.hits(0.07 if state in ("new", "unpaid") else 0.02):
            return began_at
        sent = [parcel.sent_at for parcel in parcels if parcel.sent_at]
        return max(sent, default=self._not_after_now(placed_at + _SECOND * self.dice.randint(1, 90)))

    def _not_after_now(self, moment: datetime) -> datetime:
        return min(moment, self.now())

    def _parcels(self, buyer: Person, placed_at: datetime, state: str, *, divided: bool) -> tuple[Parcel, ...]:
        first = self._parcel(buyer, placed_at, sent=state in ("shipped", "partial"))
        if not divided or not (state == "partial" or self.dice.hits(0.04)):
            return (first,)
        other = replace(person(self.dice), email="") if self.dice.hits(0.5) else buyer
        return first, self._parcel(other, placed_at, sent=state == "shipped")

    def _parcel(self, to: Person, placed_at: datetime, *, sent: bool) -> Parcel:
        method = self.dice.weighted(_CARRIERS)
        cost = ZERO if method.startswith("Free") else self.dice.amount(4, 19)
        if not sent:
            return Parcel(to, method, cost)
        tracking = f"1Z{self.dice.digits(16)}" if method.startswith("UPS") else self.dice.digits(22)
        sent_at = self._not_after_now(placed_at + _SECOND * self.dice.randint(1800, 80_000))
        return Parcel(to, method, cost, tracking, sent_at)

    def _payments(self, total: Decimal, at: datetime, state: str, *, plain: bool) -> tuple[Payment, ...]:
        if state in ("cart", "unpaid"):
            return ()
        dice = self.dice
        method = dice.weighted(_METHODS)
        reference = f"Completed : {dice.digits(12)}" if method == "PayPal" else dice.digits(9)
        first = Payment(method, total, at, reference, dice.digits(6))
        if plain or dice.hits(0.9):
            return (first,)
        if dice.hits(0.15):
            gift = Payment("Gift Certificate", min(total, Decimal(20)), at, f"GC{dice.digits(8)}", "")
            return first, gift
        return first, replace(first, at=at + 95 * _SECOND)  # the same money, told twice

    def _discount(self, lines: tuple[Sold, ...]) -> tuple[Decimal, str]:
        if not self.dice.hits(0.15) or _worth(lines) <= 0:
            return ZERO, ""
        return (_worth(lines) / 10).quantize(_CENT), self.dice.choice(_PROMOTIONS)

    def _questions(self) -> tuple[Question, ...]:
        asked = []
        if self.dice.hits(0.4):
            asked.append(Question("I agree to the Terms & Conditions and Return Policy", "Checkbox", ""))
        if self.dice.hits(0.15):
            asked.append(Question("Purchase order number", "Textbox", f"PO-{self.dice.digits(4)}"))
        return tuple(asked)


def _worth(lines: tuple[Sold, ...]) -> Decimal:
    return sum((line.total for line in lines), ZERO)


def _spread(lines: tuple[Sold, ...], parcels: int) -> tuple[Sold, ...]:
    """Put the lines into the parcels by turns; the parts of a bundle stay with it."""
    spread: list[Sold] = []
    for place, line in enumerate(lines):
        parcel = place % parcels if line.part_of is None else spread[line.part_of].parcel
        spread.append(replace(line, parcel=parcel))
    return tuple(spread)
