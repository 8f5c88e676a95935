"""Sifting a page of orders: what the hub holds already is left out unread, the rest is read and looked over."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hub_core.channels.dispatch import read_records
from hub_core.domain.orders import Order
from hub_core.domain.rejects import NewReject
from hub_core.storage.documents import document_of
from hub_core.storage.orders import OrderRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.pages import OrderPage, Record

_LONGEST_KEY: Final = 500
"""Characters of an id or a SKU: an index of PostgreSQL takes 2,700 bytes."""
_MOST_DIGITS: Final = 20
_CODE_0: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""How JSON writes the character that PostgreSQL does not take, told from a backslash before `u0000`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An order that was read from a text, with the hashes by which changes are told."""

    order: Order
    raw: bytes
    raw_hash: bytes
    document: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Sifted:
    """A page, sifted: what is worth writing, what cannot be used, and how many texts were known already."""

    readings: dict[str, Reading]
    rejects: list[NewReject]
    known: int


def sift(connection: Connection, integration_id: int, channel: str, page: OrderPage) -> Sifted:
    """Leave out the texts that the hub holds already, and read the rest."""
    fresh = _fresh(connection, integration_id, _last_of_each(page.records))
    orders, faults = read_records(channel, page, [record for record, _ in fresh])
    hashes = {id(record): digest for record, digest in fresh}
    readings: dict[str, Reading] = {}
    rejects = [_reject(record, reason) for record, reason in faults]
    for record, order in orders:
        try:
            readings[order.external_id] = _reading(order, record, hashes[id(record)])
        except ValueError as error:
            rejects.append(_reject(record, f"The order cannot be stored: {error}."))
    return Sifted(readings, rejects, len(page.records) - len(fresh))


def _last_of_each(records: Sequence[Record]) -> list[Record]:
    """Of an order that the page holds twice, keep what was sent last."""
    places = {record.external_id: place for place, record in enumerate(records)}
    return [
        record
        for place, record in enumerate(records)
        if record.external_id is None or places[record.external_id] == place
    ]


def _fresh(connection: Connection, integration_id: int, records: Sequence[Record]) -> list[tuple[Record, bytes]]:
    named = [record.external_id for record in records if record.external_id and "\0" not in record.external_id]
    known = OrderRepository(connection).raw_hashes(integration_id, named) if named else {}
    hashed = [(record, hashlib.sha256(record.raw).digest()) for record in records]
    return [
        (record, digest)
        for record, digest in hashed
        if record.external_id is None or known.get(record.external_id) != digest
    ]


def _reading(order: Order, record: Record, raw_hash: bytes) -> Reading:
    """Make ready what is stored. Raises ValueError where the database could not hold it."""
    written = document_of(order)
    document = written.decode()
    for flaw in _flaws(order, document):
        raise ValueError(flaw)
    return Reading(order, record.raw, raw_hash, document, hashlib.sha256(written).digest())


def _flaws(order: Order, document: str) -> Iterator[str]:
    """Tell what no database could hold, or only one of them."""
    keys = {line.external_id for line in order.lines}
    if len(keys) < len(order.lines):
        yield "two of its lines have the same external id"
    if "\\u0000" in document and _CODE_0.search(document):
        yield "it holds a character with the code 0"
    if max(map(len, (order.external_id, *keys, *(line.sku or "" for line in order.lines)))) > _LONGEST_KEY:
        yield f"an id or a SKU has more than {_LONGEST_KEY} characters"
    figures = [order.total.amount, *(figure for line in order.lines for figure in (line.quantity, line.total.amount))]
    if not all(map(_is_measurable, figures)):
        yield f"a quantity or an amount has more than {_MOST_DIGITS} digits before or after its point"
    try:
        _ = order.placed_at.astimezone(UTC), order.updated_at and order.updated_at.astimezone(UTC)
    except OverflowError:
        yield "a time in it is beyond the calendar"


def _is_measurable(figure: Decimal) -> bool:
    text = str(figure)
    if len(text) <= _MOST_DIGITS and "E" not in text:
        return figure.is_finite()
    exponent = figure.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MOST_DIGITS and figure.adjusted() < _MOST_DIGITS


def _reject(record: Record, reason: str) -> NewReject:
    raw = record.raw.decode(errors="replace")
    external_id = record.external_id and record.external_id.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return NewReject(external_id=external_id, reason=reason.replace("\0", "\N{REPLACEMENT CHARACTER}"), raw=raw)
