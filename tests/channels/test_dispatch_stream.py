"""Streams of pages from plugins that do all that a plugin can do wrong."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from hub_core.channels.dispatch import stream
from hub_core.channels.pages import OrderPage
from hub_core.domain.errors import NotReadyError, PluginError
from hub_core.domain.pushes import Submitted
from tests.channels.shop import HASTY, PATIENT, STORE, channel, cursors, foreign, page, pages


async def test_pages_come_in_order_and_the_end_is_the_end() -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        for number in range(3):
            yield page(number)

    assert await cursors(fetch_orders) == [0, 1, 2]


async def test_a_read_goes_on_from_its_cursor() -> None:
    async def fetch_orders(cursor: int) -> AsyncIterator[OrderPage]:
        yield page(cursor + 1)

    async with aclosing(pages(fetch_orders, cursor=4)) as found:
        assert [each.cursor async for each in found] == [5]


async def test_a_page_is_fetched_when_it_is_asked_for_and_not_before() -> None:
    fetched = []

    async def fetch_orders() -> AsyncIterator[OrderPage]:
        for number in range(3):
            fetched.append(number)
            yield page(number)

    async with aclosing(pages(fetch_orders)) as found:
        assert fetched == []
        await anext(found)
        await asyncio.sleep(0)
        assert fetched == [0]


async def test_a_time_limit_of_the_plugin_may_span_its_pages() -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        async with asyncio.timeout(PATIENT), asyncio.TaskGroup():
            yield page(1)
            yield page(2)

    found = pages(fetch_orders)
    assert [(await asyncio.create_task(anext(found))).cursor for _ in range(2)] == [1, 2]
    with pytest.raises(StopAsyncIteration):
        await asyncio.create_task(anext(found))


@foreign
async def test_pages_before_a_fault_are_kept(
    error: Callable[[], BaseException], logged: list[logging.LogRecord]
) -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        yield page(1)
        raise error()

    found = pages(fetch_orders)
    assert (await anext(found)).cursor == 1
    with pytest.raises(PluginError, match="The plugin 'shop' failed in fetch_orders: "):
        await anext(found)
    (record,) = logged
    assert re.search(r"in fetch_orders\n[ |]*raise error", record.getMessage())


async def test_an_error_of_the_hub_passes_as_it_is(logged: list[logging.LogRecord]) -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        yield page(1)
        raise NotReadyError({"report": 7}, retry_after=60)

    with pytest.raises(NotReadyError) as caught:
        await cursors(fetch_orders)
    assert (caught.value.cursor, caught.value.retry_after) == ({"report": 7}, 60)
    assert not logged


async def test_a_place_to_go_on_from_that_cannot_be_kept_is_the_fault_of_the_plugin() -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        yield page(1)
        raise NotReadyError(object())

    with pytest.raises(PluginError, match="cursor is not made of plain JSON"):
        await cursors(fetch_orders)


async def test_a_page_that_is_none_ends_the_stream_with_a_fault() -> None:
    async def fetch_orders() -> AsyncIterator[Any]:
        yield page(1)
        yield {"orders": []}
        yield page(2)

    with pytest.raises(PluginError, match="a value of type dict instead of an OrderPage"):
        await cursors(fetch_orders)


async def test_the_deadline_is_each_page_s_own() -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        yield page(1)
        await asyncio.Event().wait()

    found = pages(fetch_orders, HASTY)
    assert (await anext(found)).cursor == 1
    with pytest.raises(PluginError, match=r"failed in fetch_orders: it took longer than 0.01 s"):
        await anext(found)


async def test_leaving_early_lets_the_plugin_clean_up(logged: list[logging.LogRecord]) -> None:
    done = []

    async def fetch_orders() -> AsyncIterator[OrderPage]:
        try:
            yield page(1)
            done.append("went on")
        finally:
            await asyncio.sleep(0)
            done.append("cleaned up")

    async with aclosing(pages(fetch_orders)) as found:
        await anext(found)
    assert done == ["cleaned up"]
    assert not logged


async def test_cancelling_the_reader_cancels_the_page_and_passes(logged: list[logging.LogRecord]) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def fetch_orders() -> AsyncIterator[OrderPage]:
        begun.set()
        try:
            await asyncio.Event().wait()
            yield page(1)
        finally:
            ended.set()

    reading = asyncio.create_task(cursors(fetch_orders))
    await begun.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert ended.is_set()
    assert not logged


async def test_a_generator_that_goes_on_when_closed_does_not_hold_up_its_reader(
    logged: list[logging.LogRecord],
) -> None:
    async def fetch_orders() -> AsyncIterator[OrderPage]:
        try:
            yield page(1)
        finally:
            yield page(2)

    async with aclosing(pages(fetch_orders)) as found:
        await anext(found)
    assert "async generator ignored GeneratorExit" in logged[0].getMessage()


async def test_a_generator_that_answers_its_cancellation_with_a_page_is_closed() -> None:
    ended = asyncio.Event()

    async def fetch_orders() -> AsyncIterator[OrderPage]:
        try:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield page(1)
        finally:
            ended.set()

    with pytest.raises(PluginError, match="took longer"):
        await cursors(fetch_orders, HASTY)
    assert ended.is_set()


@pytest.mark.usefixtures("impatience")
async def test_a_generator_that_does_not_end_is_left_behind(logged: list[logging.LogRecord]) -> None:
    free, ended = asyncio.Event(), asyncio.Event()

    async def fetch_orders() -> AsyncIterator[OrderPage]:
        try:
            yield page(1)
        finally:
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    continue
            ended.set()

    try:
        async with aclosing(pages(fetch_orders)) as found:
            await anext(found)
        assert not ended.is_set()
        assert "it was left behind" in logged[-1].getMessage()
    finally:
        free.set()
    await ended.wait()


async def test_a_parcel_cannot_be_submitted_since_nobody_could_be_asked_for_it_later() -> None:
    async def push_fulfilments() -> AsyncIterator[list[Submitted]]:
        yield [Submitted("5", "a ticket")]

    shop = channel(push_fulfilments=push_fulfilments)
    told = stream(shop, "push_fulfilments", deadline=PATIENT, store=STORE, fulfilments=[])
    async with aclosing(told):
        with pytest.raises(PluginError, match="it submitted a fulfilment"):
            await anext(told)
