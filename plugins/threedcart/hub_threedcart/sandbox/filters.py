"""Which rows a request asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation

from hub_threedcart.sandbox.shop import OrderRecord

_FORMATS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")
_DEFAULT_LIMIT = 10
_FLAGS = {"": None, "1": True, "true": True, "0": False, "false": False}
Range = tuple[datetime | None, datetime | None]


class BadParameterError(ValueError):
    """A parameter that cannot be read; the first argument is its name."""


@dataclass(frozen=True)
class Params:
    """The parameters of a request; names are case-blind, empty ones count as not given."""

    given: Mapping[str, str]

    def text(self, name: str) -> str | None:
        """Read a text."""
        return self.given.get(name) or None

    def number(self, name: str) -> int | None:
        """Read a whole number."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise BadParameterError(name) from error

    def amount(self, name: str) -> Decimal | None:
        """Read a number."""
        text = self.text(name)
        try:
            number = Decimal(text or 0)
        except InvalidOperation as error:
            raise BadParameterError(name) from error
        if not number.is_finite():
            raise BadParameterError(name)
        return None if text is None else number

    def flag(self, name: str) -> bool | None:
        """Read a yes or no, written 1 or 0."""
        text = (self.text(name) or "").lower()
        if text not in _FLAGS:
            raise BadParameterError(name)
        return _FLAGS[text]

    def moment(self, name: str, *, whole_day_until: bool = False, day_only: bool = False) -> datetime | None:
        """Read a time in US order; with *whole_day_until* a day stands for its end."""
        text = self.text(name)
        if text is None:
            return None
        moment = _moment(name, text)
        if ":" in text and not day_only:
            return moment
        return datetime.combine(moment, time.max if whole_day_until else time.min)

    def days(self, start: str, end: str, *, day_only: bool = False) -> Range:
        """Read a span of time, both ends included."""
        return self.moment(start, day_only=day_only), self.moment(end, whole_day_until=True, day_only=day_only)


@dataclass(frozen=True)
class Page:
    """Which of the rows found: *offset* counts from 1."""

    limit: int
    offset: int

    @classmethod
    def of(cls, params: Params, most: int) -> Page:
        """Read `limit` and `offset`; more rows than *most* are never given."""
        limit, offset = params.number("limit"), params.number("offset")
        return cls(min(limit if limit and limit > 0 else _DEFAULT_LIMIT, most), max(offset or 1, 1))


@dataclass(frozen=True)
class OrderQuery:
    """The filters of `GET /Orders`."""

    placed: Range
    updated: Range
    status: int | None
    numbers: tuple[int | None, int | None]
    prefix: str | None
    email: str | None
    key: int | None

    @classmethod
    def of(cls, params: Params) -> OrderQuery:
        """Read the filters."""
        number = params.number("invoicenumber")
        return cls(
            placed=params.days("datestart", "dateend"),
            updated=params.days("lastupdatestart", "lastupdateend", day_only=True),
            status=params.number("orderstatus"),
            numbers=(number, number)
            if number is not None
            else (params.number("invoicenumberstart"), params.number("invoicenumberend")),
            prefix=params.text("invoiceprefix"),
            email=params.text("billingemail"),
            key=params.number("orderid"),
        )

    def matches(self, record: OrderRecord) -> bool:
        """Tell whether an order is asked for."""
        facets = record.facets
        return (
            self.status in (None, facets.status)
            and self.key in (None, record.key)
            and within(facets.placed, self.placed)
            and within(facets.updated, self.updated)
            and (self.numbers[0] is None or facets.number >= self.numbers[0])
            and (self.numbers[1] is None or facets.number <= self.numbers[1])
            and self.prefix in (None, facets.prefix)
            and self.email in (None, facets.email)
        )


def _moment(name: str, text: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the store's wall clock, which has no zone
        except ValueError:
            continue
    raise BadParameterError(name)


def within(moment: datetime | None, span: Range) -> bool:
    """Tell whether a time lies in a span; a time that is not known lies in the open one alone."""
    start, end = span
    if moment is None:
        return start is None and end is None
    return (start is None or moment >= start) and (end is None or moment <= end)
