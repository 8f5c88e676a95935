"""A shop for trying out what plugins do: its handle, its orders, its channel made of any hooks."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from hub_core.channels.channel import Channel
from hub_core.channels.dispatch import ask, stream
from hub_core.channels.pages import Cursor, OrderPage, Record
from hub_core.channels.store import Store
from hub_core.domain.channels import CONTRACT_VERSION, ChannelInfo
from hub_core.domain.errors import AuthorizationError
from hub_core.domain.integrations import StoreIdentity
from hub_core.domain.money import money
from hub_core.domain.orders import Address, Buyer, ChannelStatus, Order, OrderStatus
from hub_core.domain.polls import Poll, Window

PATIENT = 30.0
HASTY = 0.01


class Settings(BaseModel):
    """Settings of the shop."""


class Credentials(BaseModel):
    token: SecretStr


NO_HTTP: Any = None
STORE = Store(http=NO_HTTP, settings=Settings(), credentials=Credentials(token=SecretStr("hush-hush")))


def channel(**hooks: Callable[..., Any]) -> Channel:
    info = ChannelInfo(
        key="shop",
        company="Shop",
        description="A shop",
        contract_version=CONTRACT_VERSION,
        settings=Settings,
        credentials=Credentials,
    )
    return Channel(info=info, distribution="hub-channel-shop", version="1.0", hooks=hooks)


def page(cursor: Cursor = None, *ids: str) -> OrderPage:
    return OrderPage([Record(name, name.encode()) for name in ids], read, cursor)


def read(raw: bytes) -> Order:
    nothing = money(Decimal(0), "USD")
    return Order(
        external_id=raw.decode(),
        number=raw.decode(),
        status=OrderStatus.OPEN,
        channel_status=ChannelStatus(id="1"),
        placed_at=datetime(2026, 1, 1, tzinfo=UTC),
        total=nothing,
        subtotal=nothing,
        discount=nothing,
        shipping=nothing,
        tax=nothing,
        buyer=Buyer(),
        billing_address=Address(),
        lines=(),
    )


async def check(function: Callable[..., Any], deadline: float = PATIENT) -> StoreIdentity:
    return await ask(channel(check_store=function), "check_store", deadline=deadline, store=STORE)


def pages(function: Callable[..., Any], deadline: float = PATIENT, cursor: Cursor = None) -> Any:
    shop = channel(fetch_orders=function)
    return stream(shop, "fetch_orders", deadline=deadline, store=STORE, poll=Poll.NEW, window=Window(), cursor=cursor)


async def cursors(function: Callable[..., Any], deadline: float = PATIENT) -> list[Cursor]:
    async with aclosing(pages(function, deadline)) as found:
        return [each.cursor async for each in found]


RAISED: dict[str, Callable[[], BaseException]] = {
    "KeyError": lambda: KeyError("OrderID"),
    "SystemExit": lambda: SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "StopIteration": StopIteration,
    "StopAsyncIteration": StopAsyncIteration,
    "CancelledError": asyncio.CancelledError,
    "TimeoutError": TimeoutError,
    "RecursionError": lambda: RecursionError("too deep"),
    "MemoryError": MemoryError,
    "BaseExceptionGroup": lambda: BaseExceptionGroup("several", [SystemExit(), AuthorizationError()]),
    "ExceptionGroup": lambda: ExceptionGroup("several", [AuthorizationError(), ValueError("one")]),
}
foreign = pytest.mark.parametrize("error", RAISED.values(), ids=RAISED)
