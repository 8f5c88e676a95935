"""The orders of a store, by each of the ways in which the hub looks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from functools import partial
from typing import Final

import msgspec

from hub_core import (
    Cursor,
    CursorExpiredError,
    InputError,
    OrderPage,
    Poll,
    Record,
    ResponseError,
    Store,
    Window,
)
from hub_threedcart.client import Filters, StoreClient
from hub_threedcart.dates import as_day, as_time, earliest_reading, latest_reading
from hub_threedcart.figures import Locale
from hub_threedcart.mapping import READING, read_order
from hub_threedcart.paging import Place, Row, walk
from hub_threedcart.statuses import CART, KNOWN, is_unfinished

_VERSION: Final = 1
_NONE: Final = timedelta()
_DAY: Final = timedelta(days=1)
"""Whether the last day of a span of days belongs to it is not documented for last updates, so one more is asked for."""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"version": "v"}):
    """Where a read goes on, as its cursor says: of the list of which *status*, if it takes one at a time."""

    version: int = _VERSION
    status: int | None = None
    place: Place = Place()

    def cursor(self) -> Cursor:
        """Write it down."""
        written: Cursor = msgspec.to_builtins(self)
        return written


def mark_of(cursor: Cursor) -> Mark:
    """Read what was written down. Raises CursorExpiredError where another version of the plugin wrote it."""
    if cursor is None:
        return Mark()
    try:
        mark = msgspec.convert(cursor, Mark)
    except msgspec.ValidationError as error:
        raise CursorExpiredError from error
    if mark.version != _VERSION:
        raise CursorExpiredError
    return mark


class OrderList:
    """The list of orders that pass some filters."""

    def __init__(self, client: StoreClient, filters: Filters) -> None:
        self._client = client
        self._filters = filters

    async def page(self, start: int, limit: int) -> list[Row]:
        """Give at most *limit* rows from row *start* on."""
        return await self._client.orders(self._filters, start, limit)

    async def total(self) -> int:
        """Tell how many rows there are; 0 where the store does not say."""
        try:
            return await self._client.count("Orders", self._filters)
        except ResponseError:
            return 0


class OrderReads:
    """Reads orders of one store."""

    def __init__(self, store: Store) -> None:
        self._client = StoreClient(store)
        self._locale = locale_of(store)
        self._labels: dict[int, str] | None = None

    async def pages(self, poll: Poll, window: Window, mark: Mark) -> AsyncIterator[OrderPage]:
        """Yield the orders that *poll* asks for, from *mark* on.

        `open` takes the list of one status after the other, since the platform filters by one only; an order whose
        status changes meanwhile is found by `changed`.
        """
        filters = filters_of(poll, window, self._locale)
        if poll is not Poll.OPEN:
            async for page in self._list(filters, mark):
                yield page
            return
        for status in await self._unfinished(mark):
            here = mark if mark.status == status else Mark(status=status)
            yield await self._page((), here)  # so that a long row of empty lists can be interrupted, too
            async for page in self._list({**filters, "orderstatus": status}, here):
                yield page

    async def one(self, external_id: str) -> OrderPage:
        """Give a page with one order, or with none where the store has no such order."""
        return await self._page(await self._client.order(external_id), Mark())

    async def count(self, poll: Poll, window: Window) -> int | None:
        """Tell how many orders there are, carts taken off; None for `open`, which would take a request a status."""
        if poll is Poll.OPEN:
            return None
        filters = filters_of(poll, window, self._locale)
        rows = await self._client.count("Orders", filters)
        return max(0, rows - await self._client.count("Orders", {**filters, "orderstatus": CART})) if rows else 0

    async def _list(self, filters: Filters, mark: Mark) -> AsyncIterator[OrderPage]:
        async for rows, place in walk(OrderList(self._client, filters), mark.place):
            yield await self._page(rows, Mark(status=mark.status, place=place))

    async def _unfinished(self, mark: Mark) -> list[int]:
        statuses = set(await self._read_labels()) or KNOWN
        return sorted(one for one in statuses if is_unfinished(one) and one >= (mark.status or 0))

    async def _page(self, rows: Iterable[Row], mark: Mark) -> OrderPage:
        records = [Record(row.external_id, row.raw) for row in rows if row.wanted]
        labels = await self._read_labels() if records else {}
        zone, currency = self._locale.zone, self._locale.currency
        basis = f"{READING} {zone.key} {currency} {sorted(labels.items())}".encode()
        read = partial(read_order, zone=zone, currency=currency, labels=labels)
        return OrderPage(records, read, mark.cursor(), basis)

    async def _read_labels(self) -> dict[int, str]:
        if self._labels is None:
            self._labels = await self._client.labels()
        return self._labels


def locale_of(store: Store) -> Locale:
    """Give the zone and currency of *store*. Raises InputError where nobody has told them."""
    if store.timezone is None:
        sentence = "The shop does not tell its time zone; set `timezone` to an IANA name such as America/New_York."
        raise InputError(sentence, fields={"timezone": sentence})
    if store.currency is None:
        sentence = "The shop does not tell its currency; set `currency` to a code such as USD."
        raise InputError(sentence, fields={"currency": sentence})
    return Locale(store.currency, store.timezone)


def filters_of(poll: Poll, window: Window, locale: Locale) -> dict[str, str | int]:
    """Write *window* as the platform's filters, in the store's own time, so wide that nothing in it is missed.

    `changed` goes by last update, in whole days. All others go by order date, `sweep` too: what was edited is found
    by `changed`, but a last update can be older than the order, and a wide look at when orders were placed finds them.
    """
    name, write, day = ("lastupdate", as_day, _DAY) if poll is Poll.CHANGED else ("date", as_time, _NONE)
    filters: dict[str, str | int] = {}
    if window.start is not None:
        filters[f"{name}start"] = write(earliest_reading(window.start, locale.zone))
    if window.end is not None:
        filters[f"{name}end"] = write(latest_reading(window.end, locale.zone) + day)
    return filters
