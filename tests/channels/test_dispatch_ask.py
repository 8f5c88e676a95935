"""Asking channels whose plugins do all that a plugin can do wrong."""

import asyncio
import logging
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from hub_core.channels.dispatch import ask
from hub_core.channels.pages import CURSOR_LIMIT, OrderPage, Record
from hub_core.channels.store import Store
from hub_core.domain.channels import AuthorizationStep
from hub_core.domain.errors import (
    AuthorizationError,
    InputError,
    NotReadyError,
    PluginError,
    RejectedError,
    StorageError,
    UnavailableError,
)
from hub_core.domain.integrations import StoreIdentity
from hub_core.domain.polls import Poll, Window
from tests.channels.shop import HASTY, PATIENT, STORE, Credentials, Settings, channel, check, foreign, page, read


async def test_an_answer_is_passed_on() -> None:
    async def check_store(store: Store) -> StoreIdentity:
        return StoreIdentity(key=store.credentials_as(Credentials).token.get_secret_value())

    assert (await check(check_store)).key == "hush-hush"


async def test_a_hook_takes_only_the_arguments_that_it_needs() -> None:
    async def count_orders(poll: Poll) -> int:
        return len(poll)

    shop = channel(count_orders=count_orders)
    assert await ask(shop, "count_orders", deadline=1, store=STORE, poll=Poll.SWEEP, window=Window()) == 5


async def test_a_hook_that_the_channel_does_not_bring_is_refused() -> None:
    with pytest.raises(InputError, match="'shop' cannot do this: its plugin brings no check_store"):
        await ask(channel(), "check_store", deadline=1, store=STORE)


@foreign
async def test_what_no_error_of_the_hub_is_becomes_the_fault_of_the_plugin(
    error: Callable[[], BaseException], logged: list[logging.LogRecord]
) -> None:
    async def check_store() -> StoreIdentity:
        raise error()

    with pytest.raises(PluginError, match="The plugin 'shop' failed in check_store: ") as caught:
        await check(check_store)
    assert (caught.value.channel, caught.value.hook) == ("shop", "check_store")
    (record,) = logged
    assert str(caught.value) in record.getMessage()
    assert re.search(r"in check_store\n[ |]*raise error", record.getMessage())


@pytest.mark.parametrize(
    "error",
    [
        AuthorizationError(),
        UnavailableError(retry_after=3),
        RejectedError("No."),
        StorageError(),
        InputError("No."),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_the_hub_passes_as_it_is(error: Exception, logged: list[logging.LogRecord]) -> None:
    async def check_store() -> StoreIdentity:
        raise error

    with pytest.raises(type(error)) as caught:
        await check(check_store)
    assert caught.value is error
    assert caught.value.__cause__ is None
    assert not logged


async def test_an_error_of_the_hub_passes_out_of_a_task_group() -> None:
    async def refuse() -> None:
        raise AuthorizationError

    async def check_store() -> StoreIdentity:
        async with asyncio.TaskGroup() as group:
            group.create_task(refuse())
        return StoreIdentity(key="1")

    with pytest.raises(AuthorizationError):
        await check(check_store)


@pytest.mark.parametrize(
    ("hook", "answer", "clause"),
    [
        ("check_store", None, "it answered None instead of a StoreIdentity"),
        ("begin_authorization", "https://shop.test", "a value of type str instead of an AuthorizationStep"),
        ("complete_authorization", Settings(), "a value of type Settings instead of a Credentials"),
        ("fetch_order", [], "a value of type list instead of an OrderPage"),
        ("count_orders", "7", "a value of type str instead of a whole number"),
        ("count_orders", True, "a value of type bool instead of a whole number"),
        ("count_orders", -1, "a value of type int instead of a whole number from 0 on"),
        ("fetch_order", OrderPage(iter(()), read, None), "records of its page are neither a list nor"),  # type: ignore[arg-type]
        ("fetch_order", OrderPage([b"1"], read, None), "holds something else than Records"),  # type: ignore[list-item]
        ("fetch_order", OrderPage([Record("1", "1")], read, None), "holds something else than Records"),  # type: ignore[arg-type]
        ("fetch_order", OrderPage([Record(1, b"1")], read, None), "holds something else than Records"),  # type: ignore[arg-type]
        ("fetch_order", OrderPage([], None, None), "no function that reads a record"),  # type: ignore[arg-type]
        ("fetch_order", page(object()), "cursor is not made of plain JSON"),  # type: ignore[arg-type]
        ("fetch_order", page((1, 2)), "cursor is not made of plain JSON"),  # type: ignore[arg-type]
        ("fetch_order", page({1: 2}), "cursor is not made of plain JSON"),  # type: ignore[dict-item]
        ("fetch_order", page(float("nan")), "cursor is not made of plain JSON"),
        ("fetch_order", page(float("inf")), "cursor is not made of plain JSON"),
        ("fetch_order", page("\ud800"), "cursor is not made of plain JSON"),
        ("fetch_order", page("x" * CURSOR_LIMIT), f"takes {CURSOR_LIMIT + 2} bytes of JSON, but at most 8192"),
    ],
)
async def test_a_wrong_answer_is_the_fault_of_the_plugin(hook: Any, answer: Any, clause: str) -> None:
    async def give() -> Any:
        return answer

    shop: Any = channel(**{hook: give})
    with pytest.raises(PluginError) as caught:
        await ask(shop, hook, deadline=PATIENT)
    assert f"The plugin 'shop' failed in {hook}: " in str(caught.value)
    assert clause in str(caught.value)


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        ("begin_authorization", AuthorizationStep(method="token")),
        ("complete_authorization", Credentials(token=SecretStr("t"))),
        ("count_orders", None),
        ("count_orders", 0),
        ("fetch_order", page({"page": [1, "é", None]}, "7")),
        ("fetch_order", page("x" * (CURSOR_LIMIT - 2))),
    ],
)
async def test_every_answer_that_the_contract_allows_passes(hook: Any, answer: Any) -> None:
    async def give() -> Any:
        return answer

    shop: Any = channel(**{hook: give})
    assert await ask(shop, hook, deadline=PATIENT) is answer


async def test_a_place_to_go_on_from_that_cannot_be_kept_is_the_fault_of_the_plugin() -> None:
    async def check_store() -> StoreIdentity:
        raise NotReadyError(object())

    with pytest.raises(PluginError, match="cursor is not made of plain JSON"):
        await check(check_store)


async def test_a_hook_that_takes_too_long_is_cancelled() -> None:
    ended = asyncio.Event()

    async def check_store() -> StoreIdentity:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return StoreIdentity(key="1")

    with pytest.raises(PluginError, match=r"failed in check_store: it took longer than 0.01 s"):
        await check(check_store, HASTY)
    assert ended.is_set()


@pytest.mark.usefixtures("impatience")
async def test_a_hook_that_does_not_heed_its_cancellation_is_left_behind(logged: list[logging.LogRecord]) -> None:
    told, free, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def check_store() -> StoreIdentity:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                told.set()
        ended.set()
        return StoreIdentity(key="1")

    try:
        with pytest.raises(PluginError, match="took longer"):
            await check(check_store, HASTY)
        assert told.is_set()
        assert not ended.is_set()
        assert "did not end check_store within 0.01 s of being cancelled" in logged[-1].getMessage()
    finally:
        free.set()
    await ended.wait()


async def test_cancelling_the_one_who_asks_cancels_the_hook_and_passes(logged: list[logging.LogRecord]) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def check_store() -> StoreIdentity:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return StoreIdentity(key="1")

    asking = asyncio.create_task(check(check_store))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert ended.is_set()
    assert not logged


async def test_a_hook_that_cancels_its_own_task_does_not_cancel_the_one_who_asks() -> None:
    async def check_store() -> StoreIdentity:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.Event().wait()
        return StoreIdentity(key="1")

    with pytest.raises(PluginError, match="it cancelled itself"):
        await check(check_store)


async def test_secrets_of_the_store_are_blanked_in_what_a_plugin_raises(logged: list[logging.LogRecord]) -> None:
    async def check_store(store: Store) -> StoreIdentity:
        token = store.credentials_as(Credentials).token.get_secret_value()
        raise ValueError(f"{token} was refused")

    with pytest.raises(PluginError, match=r"ValueError: \*\*\* was refused") as caught:
        await check(check_store)
    assert "hush-hush" not in str(caught.value) + logged[0].getMessage()


async def test_what_a_platform_answered_is_blanked_in_what_a_plugin_raises(
    logged: list[logging.LogRecord],
) -> None:
    async def complete_authorization(answer: dict[str, str]) -> BaseModel:
        raise KeyError(answer["code"])

    shop = channel(complete_authorization=complete_authorization)
    with pytest.raises(PluginError, match=r"KeyError: '\*\*\*'"):
        await ask(shop, "complete_authorization", deadline=1, answer={"code": "once-only"})
    assert "once-only" not in logged[0].getMessage()


async def test_what_a_model_refused_is_blanked_in_what_a_plugin_raises(logged: list[logging.LogRecord]) -> None:
    async def complete_authorization(answer: dict[str, str]) -> BaseModel:
        return Credentials.model_validate({"token": [answer["code"], "and" + "-more"]})

    shop = channel(complete_authorization=complete_authorization)
    with pytest.raises(PluginError, match="ValidationError: 1 validation error for Credentials"):
        await ask(shop, "complete_authorization", deadline=1, answer={"code": "once-only"})
    assert "ValidationError" in logged[0].getMessage()
    assert "once-only" not in logged[0].getMessage()
    assert "and-more" not in logged[0].getMessage()


def test_a_real_ctrl_c_inside_a_hook_is_no_fault_of_the_plugin() -> None:
    async def check_store() -> StoreIdentity:
        signal.raise_signal(signal.SIGINT)  # the first cancels what asyncio.run runs
        await asyncio.Event().wait()
        return StoreIdentity(key="1")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(check(check_store))


def test_a_second_ctrl_c_inside_a_hook_is_no_fault_of_the_plugin_either(logged: list[logging.LogRecord]) -> None:
    async def check_store() -> StoreIdentity:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        return StoreIdentity(key="1")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(check(check_store))
    assert not logged
