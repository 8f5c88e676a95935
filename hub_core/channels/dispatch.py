"""Asking a channel: within a deadline, and so that whatever its plugin does harms only the one who asked.

A hook runs in a task of its own. So it can be left behind when it neither answers nor lets itself be cancelled, and
what it does to its own task stays there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar, overload

from pydantic import BaseModel, SecretStr

from hub_core.channels.answers import check_answer, check_cursor, check_kept
from hub_core.channels.blame import Blame, WrongAnswer
from hub_core.channels.callbacks import CallbackAnswer, CallbackRequest
from hub_core.channels.channel import Channel
from hub_core.channels.hushing import hushed
from hub_core.channels.listing_pages import ListingPage
from hub_core.channels.observer import Observer
from hub_core.channels.pages import OrderPage, Record
from hub_core.channels.store import Connection, Store
from hub_core.domain.channels import AuthorizationStep
from hub_core.domain.errors import HubError, NotReadyError, PluginError
from hub_core.domain.events import Event
from hub_core.domain.integrations import StoreIdentity
from hub_core.domain.listings import Listing
from hub_core.domain.orders import Order
from hub_core.domain.pushes import Outcome
from hub_core.domain.webhooks import Hints, Subscription

logger = logging.getLogger("hub_core.channels")

GRACE: Final = 0.5
"""Seconds that a hook has for cleaning up once it is cancelled; disabling must stop a flow within one."""

_SECRET_ARGUMENTS: Final = ("state", "address", "secret")
"""What is a secret by itself: whoever knew it could end somebody else's authorisation, or pass for a store."""

T = TypeVar("T")


class _End:
    """What a stream gives after its last page."""


_END: Final = _End()


@overload
async def ask(
    channel: Channel, hook: Literal["begin_authorization"], *, deadline: float, **arguments: Any
) -> AuthorizationStep: ...
@overload
async def ask(
    channel: Channel, hook: Literal["complete_authorization"], *, deadline: float, **arguments: Any
) -> BaseModel: ...
@overload
async def ask(channel: Channel, hook: Literal["check_store"], *, deadline: float, store: Store) -> StoreIdentity: ...
@overload
async def ask(channel: Channel, hook: Literal["renew_credentials"], *, deadline: float, store: Store) -> BaseModel: ...
@overload
async def ask(
    channel: Channel, hook: Literal["receive_callback"], *, deadline: float, **arguments: Any
) -> CallbackAnswer: ...
@overload
async def ask(
    channel: Channel, hook: Literal["fetch_order"], *, deadline: float, store: Store, external_id: str
) -> OrderPage: ...
@overload
async def ask(
    channel: Channel,
    hook: Literal["integration_changed", "unsubscribe_webhooks"],
    *,
    deadline: float,
    **arguments: Any,
) -> None: ...
@overload
async def ask(
    channel: Channel, hook: Literal["subscribe_webhooks"], *, deadline: float, **arguments: Any
) -> Subscription: ...
@overload
async def ask(channel: Channel, hook: Literal["receive_webhook"], *, deadline: float, **arguments: Any) -> Hints: ...
@overload
async def ask(
    channel: Channel, hook: Literal["count_orders"], *, deadline: float, store: Store, **arguments: Any
) -> int | None: ...
async def ask(channel: Channel, hook: str, *, deadline: float, **arguments: Any) -> Any:
    """Give what *hook* answers to *arguments*, all of its specification's, within *deadline* seconds.

    Raises the hub error that the hook raised, and PluginError where it failed, answered nonsense or took too long.
    """
    call = channel.bind(hook, arguments)
    blame = Blame(channel.key, hook, _secrets_in(arguments))
    return await _within(deadline, _answer(channel, call, blame), blame)


async def inform(observer: Observer, event: Event, *, deadline: float) -> None:
    """Let *observer* hear of *event* within *deadline* seconds. Raises PluginError where it failed or took longer."""
    blame = Blame(observer.name, "event_recorded")
    await _within(deadline, _informed(observer, event, blame), blame)


async def _informed(observer: Observer, event: Event, blame: Blame) -> None:
    with blame.watch():
        await observer.hear(event)


async def _within(deadline: float, work: Coroutine[Any, Any, T], blame: Blame) -> T:
    task = _started(work)
    try:
        await asyncio.wait({task}, timeout=deadline)
        if not task.done():
            raise _late(blame, deadline)
        return _result_of(task, blame)
    finally:
        await _stop(task, blame)


@overload
def stream(
    channel: Channel, hook: Literal["fetch_orders"], *, deadline: float, **arguments: Any
) -> AsyncGenerator[OrderPage, None]: ...
@overload
def stream(
    channel: Channel, hook: Literal["fetch_listings"], *, deadline: float, **arguments: Any
) -> AsyncGenerator[ListingPage, None]: ...
@overload
def stream(
    channel: Channel,
    hook: Literal["push_stock", "push_prices", "push_fulfilments", "settle"],
    *,
    deadline: float,
    **arguments: Any,
) -> AsyncGenerator[Sequence[Outcome], None]: ...
async def stream(channel: Channel, hook: str, *, deadline: float, **arguments: Any) -> AsyncGenerator[Any, None]:
    """Yield what *hook* yields, each page within *deadline* seconds and fetched only when it is asked for.

    Close it (`contextlib.aclosing`) when leaving it early, so that the hook's own cleaning up has been done by then.
    Raises like `ask`.
    """
    blame = Blame(channel.key, hook, _secrets_in(arguments))
    turns: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
    pump = _started(_pump(channel, channel.bind(hook, arguments), turns, blame))
    try:
        while not isinstance(page := await _draw(turns, pump, deadline, blame), _End):
            yield page
    finally:
        await _stop(pump, blame)


def read_records(channel_key: str, page: OrderPage, records: Iterable[Record]) -> Iterator[tuple[Record, Order | str]]:
    """Read *records* of *page*, one after the other: give each with its order, or with a sentence why it has none."""
    blame = Blame(channel_key, "read")
    for record in records:
        result: Order | str
        try:
            result = blame.call(_read, page, record)
        except HubError as error:
            result = str(error)
        yield record, result


def read_listings(channel_key: str, page: ListingPage) -> Iterator[tuple[Record, Sequence[Listing] | str]]:
    """Read all records of *page*: give each with its listings, or with a sentence why it has none."""
    blame = Blame(channel_key, "read")
    for record in page.records:
        result: Sequence[Listing] | str
        try:
            result = blame.call(_read_listings, page, record)
        except HubError as error:
            result = str(error)
        yield record, result


def _read_listings(page: ListingPage, record: Record) -> Sequence[Listing]:
    listings: Any = page.read(record.raw)
    if not isinstance(listings, list | tuple) or not all(isinstance(one, Listing) for one in listings):
        raise WrongAnswer("it made something else than a list of Listings of a text")
    for listing in listings:
        if listing.handle is not None:
            check_kept("handle", listing.handle)
    return listings


def _read(page: OrderPage, record: Record) -> Order:
    order: Any = page.read(record.raw)
    if not isinstance(order, Order):
        raise WrongAnswer(f"it made a value of type {type(order).__name__} instead of an Order")
    if record.external_id not in (None, order.external_id):
        raise WrongAnswer(f"it made order '{order.external_id}' of the text of order '{record.external_id}'")
    return order


async def _answer(channel: Channel, call: Callable[[], Awaitable[T]], blame: Blame) -> T:
    with blame.watch():
        try:
            answer = await call()
        except NotReadyError as error:
            check_cursor(error.cursor)
            raise
        check_answer(channel, blame.hook, answer)
        return hushed(answer, blame)


async def _draw(
    turns: asyncio.Queue[asyncio.Future[Any]], pump: asyncio.Task[None], deadline: float, blame: Blame
) -> Any:
    turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    turns.put_nowait(turn)
    either: set[asyncio.Future[Any]] = {turn, pump}
    try:
        await asyncio.wait(either, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
        if turn.done():
            return turn.result()
        if pump.done():
            _result_of(pump, blame)  # raises
        raise _late(blame, deadline)
    finally:
        turn.cancel()


async def _pump(
    channel: Channel,
    call: Callable[[], AsyncGenerator[Any, None]],
    turns: asyncio.Queue[asyncio.Future[Any]],
    blame: Blame,
) -> None:
    """Draw one page a turn, all in one task: a generator may hold a time limit or a task group across its pages."""
    with blame.watch():
        pages = call()
    try:
        page: Any = None
        while not isinstance(page, _End):
            turn = await turns.get()
            page = await _next(channel, pages, blame)
            if turn.done():  # nobody waits for it any more, but the hook did not heed its cancellation
                return
            turn.set_result(page)
    finally:
        with blame.watch():
            await pages.aclose()


async def _next(channel: Channel, pages: AsyncGenerator[Any, None], blame: Blame) -> Any:
    with blame.watch():
        try:
            page = await anext(pages, _END)
        except NotReadyError as error:
            check_cursor(error.cursor)
            raise
        if isinstance(page, _End):
            return page
        check_answer(channel, blame.hook, page)
        return hushed(page, blame)


def _started(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # else asyncio calls it forgotten
    return task


def _result_of(task: asyncio.Task[T], blame: Blame) -> T:
    if task.cancelled():  # by nobody out here
        raise blame.fault(WrongAnswer("it cancelled itself"))
    return task.result()


async def _stop(task: asyncio.Task[Any], blame: Blame) -> None:
    """Cancel *task*, give it time to clean up, and leave it behind if it takes longer."""
    if task.done():
        return
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE)
    if not task.done():
        task.cancel()
        logger.error(
            "The plugin '%s' did not end %s within %g s of being cancelled; it was left behind.",
            blame.channel,
            blame.hook,
            GRACE,
        )


def _late(blame: Blame, deadline: float) -> PluginError:
    return blame.fault(WrongAnswer(f"it took longer than {deadline:g} s"))


def _secrets_in(arguments: Mapping[str, Any]) -> frozenset[str]:
    """Collect what must not be repeated: the secrets of a store, and what a platform answered to the hub."""
    found = {str(arguments[name]) for name in _SECRET_ARGUMENTS if name in arguments}
    for argument in arguments.values():
        if isinstance(argument, Connection):
            models = (argument.settings, argument.application, getattr(argument, "credentials", None))
            values = [value for model in models if model for _, value in model]
            found.update(value.get_secret_value() for value in values if isinstance(value, SecretStr))
        elif isinstance(argument, CallbackRequest):
            found.update(argument.secrets())
        elif isinstance(argument, Mapping):
            found.update(str(value) for name, value in argument.items() if not str(name).startswith("error"))
    return frozenset(found)
