"""Reading records with functions of a plugin."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hub_core.channels.dispatch import read_records
from hub_core.channels.pages import OrderPage, Record
from hub_core.domain.errors import InputError, RejectedError
from hub_core.domain.orders import Order
from tests.channels.shop import RAISED, page, read


def sorted_out(
    page: OrderPage, records: Sequence[Record]
) -> tuple[list[tuple[Record, Order]], list[tuple[Record, str]]]:
    """What became orders, and what did not and why."""
    orders: list[tuple[Record, Order]] = []
    rejects: list[tuple[Record, str]] = []
    for record, result in read_records("shop", page, records):
        if isinstance(result, Order):
            orders.append((record, result))
        else:
            rejects.append((record, result))
    return orders, rejects


def test_each_record_becomes_an_order() -> None:
    orders, rejects = sorted_out(page(None, "7", "8"), page(None, "7", "8").records)
    assert [(record.external_id, order.external_id) for record, order in orders] == [("7", "7"), ("8", "8")]
    assert not rejects


def test_a_record_whose_id_is_not_seen_takes_that_of_its_order() -> None:
    ((_, order),), _ = sorted_out(page(), [Record(None, b"9")])
    assert order.external_id == "9"


def test_a_rejected_record_keeps_its_reason_and_lets_the_others_pass(logged: list[logging.LogRecord]) -> None:
    def choosy(raw: bytes) -> Order:
        if raw == b"8":
            raise RejectedError("The order has no date.")
        return read(raw)

    records = page(None, "7", "8", "9").records
    orders, rejects = sorted_out(OrderPage(records, choosy, None), records)
    assert [order.external_id for _, order in orders] == ["7", "9"]
    assert rejects == [(records[1], "The order has no date.")]
    assert not logged


@pytest.mark.parametrize("error", [*RAISED.values(), InputError], ids=[*RAISED, "InputError"])
async def test_whatever_reading_raises_harms_that_record_alone(error: Callable[[], BaseException]) -> None:
    def failing(raw: bytes) -> Order:
        if raw == b"8":
            raise error()
        return read(raw)

    records = page(None, "7", "8", "9").records
    orders, rejects = sorted_out(OrderPage(records, failing, None), records)
    assert [order.external_id for _, order in orders] == ["7", "9"]
    assert [record for record, _ in rejects] == [records[1]]


def test_a_fault_of_the_plugin_is_logged_once_a_page(logged: list[logging.LogRecord]) -> None:
    def failing(raw: bytes) -> Order:
        raise KeyError(raw.decode())

    records = page(None, "7", "8").records
    _, rejects = sorted_out(OrderPage(records, failing, None), records)
    assert [reason for _, reason in rejects] == [
        "The plugin 'shop' failed in read: KeyError: '7'. Report it to the plugin's author.",
        "The plugin 'shop' failed in read: KeyError: '8'. Report it to the plugin's author.",
    ]
    assert len(logged) == 1


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda _: None, "it made a value of type NoneType instead of an Order"),
        (lambda _: read(b"8"), "it made order '8' of the text of order '7'"),
    ],
)
def test_what_is_not_that_order_is_rejected(made: Callable[[bytes], Any], reason: str) -> None:
    records = page(None, "7").records
    _, ((_, given),) = sorted_out(OrderPage(records, made, None), records)
    assert reason in given
