"""Sifting a page of orders: what the hub holds already is left out unread, the rest is read and looked over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from hub_core.channels.dispatch import read_records
from hub_core.domain.erasure import without_person
from hub_core.domain.history import Sight
from hub_core.domain.orders import Order
from hub_core.domain.rejects import NewReject
from hub_core.storage.bulk import Row
from hub_core.storage.documents import document_of
from hub_core.storage.order_lines import line_values
from hub_core.storage.orders import KnownOrders, OrderRepository, order_values

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.pages import OrderPage, Record

_LONGEST_KEY: Final = 500
"""Characters of an id or a SKU: an index of PostgreSQL takes 2,700 bytes."""
_MOST_DIGITS: Final = 20
_NO_COLUMNS: Final[tuple[Row, ...]] = ((),) * 6


class Reading(NamedTuple):
    """What is stored of an order that was read from a text, with the hashes by which changes are told.

    The order itself is not kept: it takes ten times the memory, and what works in little memory works faster.
    """

    external_id: str
    number: str
    status: str
    placed_at: datetime
    columns: Row
    lines: list[Row]
    raw: bytes | None
    raw_hash: bytes
    document: str
    content_hash: bytes

    def without_person(self) -> Reading:
        """Give it as it is stored of an order that was erased of its personal data: its text is known, and not kept."""
        written = document_of(without_person(Order.model_validate_json(self.document)))
        return self._replace(raw=None, document=written.decode(), content_hash=hashlib.sha256(written).digest())


@dataclass(frozen=True, slots=True)
class Sifted:
    """A page, sifted: what is worth writing, what cannot be used, and how many texts were known already.

    *sights* tell of records that were ever rejected, and not settled since, how they were first seen.
    """

    readings: dict[str, Reading]
    rejects: list[NewReject]
    known: int
    sights: Mapping[str, Sight]


def sift(connection: Connection, integration_id: int, channel: str, page: OrderPage) -> Sifted:
    """Leave out the texts that the hub holds already, and read the rest."""
    known = _known(connection, integration_id, page.records)
    fresh = _fresh(known, page)
    readings: dict[str, Reading] = {}
    rejects: list[NewReject] = []
    results = read_records(channel, page, [record for record, _ in fresh])
    for (record, result), (_, digest) in zip(results, fresh, strict=True):
        try:
            if isinstance(result, str):
                rejects.append(_reject(record, result))
            else:
                readings[result.external_id] = _reading(result, record.raw, digest)
        except ValueError as error:
            rejects.append(_reject(record, f"The order cannot be stored: {error}."))
    return Sifted(readings, rejects, len(page.records) - len(fresh), known.sights)


def _last_of_each(records: Sequence[Record]) -> list[Record]:
    """Of an order that the page holds twice, keep what was sent last."""
    places = {record.external_id: place for place, record in enumerate(records)}
    return [
        record
        for place, record in enumerate(records)
        if record.external_id is None or places[record.external_id] == place
    ]


def _known(connection: Connection, integration_id: int, records: Sequence[Record]) -> KnownOrders:
    """Ask which of the texts are held; what no database could hold as an id is asked for by nobody."""
    ids = [record.external_id for record in records if record.external_id]
    storable = [one for one in ids if "\0" not in one and _encodable(one) == one]
    return OrderRepository(connection).known(integration_id, storable) if storable else KnownOrders({}, {})


def _fresh(known: KnownOrders, page: OrderPage) -> list[tuple[Record, bytes]]:
    """Give the records whose text is not held, with their digests; what a text means depends on the page's basis."""
    basis = hashlib.sha256(page.basis)
    fresh = []
    for record in _last_of_each(page.records):
        digest = basis.copy()
        digest.update(record.raw)
        raw_hash = digest.digest()
        if record.external_id is None or known.hashes.get(record.external_id) != raw_hash:
            fresh.append((record, raw_hash))
    return fresh


def _reading(order: Order, raw: bytes, raw_hash: bytes) -> Reading:
    """Make ready what is stored. Raises ValueError where the database could not hold it."""
    written = document_of(order)
    document = written.decode()
    lines = line_values(order)
    _check(order, lines)
    return Reading(
        order.external_id,
        order.number,
        order.status.value,
        order.placed_at,
        order_values(order),
        lines,
        raw,
        raw_hash,
        document,
        hashlib.sha256(written).digest(),
    )


def _check(order: Order, lines: Sequence[Row]) -> None:
    """Raise ValueError where no database could hold an order, or only one of them."""
    # Column by column, since that takes half of the time.
    ids, skus, listings, quantities, totals, _ = zip(*lines, strict=True) if lines else _NO_COLUMNS
    keys = [order.external_id, *ids, *filter(None, skus), *filter(None, listings)]
    if "\0" in "".join(keys):
        raise ValueError("an id, a SKU or a listing holds a character with the code 0")
    if max(map(len, keys)) > _LONGEST_KEY:
        raise ValueError(f"an id, a SKU or a listing has more than {_LONGEST_KEY} characters")
    if len(set(ids)) < len(ids):
        raise ValueError("two of its lines have the same external id")
    if not all(map(_is_measurable, (order.total.amount, *quantities, *totals))):
        raise ValueError(f"a quantity or an amount has more than {_MOST_DIGITS} digits before or after its point")
    if not all(map(_is_in_the_calendar, (order.placed_at, order.updated_at))):
        raise ValueError("a time in it is beyond the calendar")


def _is_in_the_calendar(moment: datetime | None) -> bool:
    if moment is not None and moment.tzinfo is not UTC:
        try:
            moment.astimezone(UTC)
        except OverflowError:
            return False
    return True


def _is_measurable(figure: Decimal) -> bool:
    text = str(figure)
    if len(text) <= _MOST_DIGITS and "E" not in text:
        return figure.is_finite()
    exponent = figure.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MOST_DIGITS and figure.adjusted() < _MOST_DIGITS


def _reject(record: Record, reason: str) -> NewReject:
    external_id = record.external_id and storable(record.external_id)
    return NewReject(external_id=external_id, reason=storable(reason), raw=record.raw.decode(errors="replace"))


def storable(text: str) -> str:
    """Give *text* as any database takes it."""
    return _encodable(text).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _encodable(text: str) -> str:
    """Give *text* without halves of signs, which no database takes."""
    return text.encode(errors="replace").decode()
