"""The leaky shop's channel: each hook works, or fails in the worst way that is asked for."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from pydantic import BaseModel, SecretStr, field_validator

from hub_core import (
    CONTRACT_VERSION,
    Address,
    AuthorizationError,
    AuthorizationStep,
    Buyer,
    CallbackAnswer,
    CallbackRequest,
    ChannelInfo,
    ChannelStatus,
    Connection,
    Cursor,
    Fulfilment,
    Hints,
    InputError,
    IntegrationChange,
    Listing,
    ListingPage,
    OpenReceipt,
    Order,
    OrderPage,
    OrderStatus,
    Outcome,
    Poll,
    PriceChange,
    Record,
    Refused,
    RejectedError,
    ResponseError,
    RetryLater,
    StockChanges,
    Store,
    StoreIdentity,
    Subscription,
    UnavailableError,
    Window,
    hookimpl,
    money,
)

ADDRESSES: list[str] = []
"""Where the shop is, for a hook that is not told which store is meant."""

NOTHING: dict[str, str] = {}
HOW: dict[str, str] = {}
"""For each hook that is to fail, in which way; `read` and `refuse` are what else can be asked for."""


class LeakySettings(BaseModel):
    """Where the shop is."""

    address: str


class LeakyApplication(BaseModel):
    """The hub's own keys."""

    public_key: str
    private_key: SecretStr
    secret: SecretStr


class LeakyCredentials(BaseModel):
    """What opens the shop."""

    token: SecretStr
    password: SecretStr
    refresh_token: SecretStr

    @field_validator("token")
    @classmethod
    def _repeats(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value().startswith("0ther"):
            raise ValueError(f"{token.get_secret_value()} is no token")
        return token


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="leakyshop",
        company="Leaky Shop",
        description="A shop for tests.",
        contract_version=CONTRACT_VERSION,
        settings=LeakySettings,
        application=LeakyApplication,
        credentials=LeakyCredentials,
        scrub=("CardNumber", "CardCode", "OrderKey"),
        scrub_parameters=("OrderKey",),
    )


def known(connection: Connection) -> list[str]:
    """All secrets that a hook is handed."""
    models = (getattr(connection, "credentials", None), connection.application)
    values = [value for model in models if model is not None for _, value in model]
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def everything(connection: Connection, *others: str) -> str:
    """All that a hook knows, in many spellings."""
    secrets = [*known(connection), *others]
    spelt = [[s, quote(s, safe=""), s.encode().hex(), base64.b64encode(s.encode()).decode(), repr(s)] for s in secrets]
    return json.dumps(spelt, ensure_ascii=False)


async def _asked(connection: Connection, path: str, method: str = "POST") -> str:
    """Send all secrets, in the address, the headers and the body, to a shop that repeats them."""
    token = next((one for one in known(connection) if one.isascii() and one.isprintable()), "")
    address = connection.settings_as(LeakySettings).address if connection.settings else ADDRESSES[-1]
    url = f"{address}/{path}/{quote(token, safe='')}?key={quote(token)}"
    answer = await connection.http.request(
        method, url, headers={"authorization": f"Bearer {token}"}, json={"all": everything(connection)}
    )
    if path == "token":
        answer.records()
    raise ValueError(f"{answer!r} {answer}")


async def _value(connection: Connection, told: str) -> str:
    raise ValueError(told)


async def _exit(connection: Connection, told: str) -> str:
    raise SystemExit(told)


async def _group(connection: Connection, told: str) -> str:
    raise ExceptionGroup(told, [KeyError(told), ResponseError(told)])


async def _noted(connection: Connection, told: str) -> str:
    error = UnavailableError("Closed for lunch.")
    error.add_note(told)
    raise error


async def _from_another(connection: Connection, told: str) -> str:
    try:
        return NOTHING[told]
    except KeyError as error:
        raise ResponseError(told) from error


async def _while_another(connection: Connection, told: str) -> str:
    try:
        return NOTHING[told]
    except KeyError:
        raise UnavailableError("Closed for lunch.")  # noqa: B904 - that is the point


async def _refused(connection: Connection, told: str) -> str:
    raise AuthorizationError(f"The shop does not know {told}.")


async def _fields(connection: Connection, told: str) -> str:
    raise InputError(told, fields={"token": told})


async def _closed(connection: Connection, told: str) -> str:
    await connection.http.request("POST", f"http://127.0.0.1:9/{quote(told[:500])}?key={quote(told[:500])}")
    return told


async def _answer(connection: Connection, told: str) -> str:
    return told


WAYS: dict[str, Callable[[Connection, str], Awaitable[str]]] = {
    "value": _value,
    "exit": _exit,
    "group": _group,
    "note": _noted,
    "from another": _from_another,
    "while another": _while_another,
    "refused": _refused,
    "fields": _fields,
    "closed": _closed,
    "answer": _answer,
    **{
        path: lambda connection, _, path=path: _asked(connection, path)  # type: ignore[misc] # of a default
        for path in ("400", "401", "403", "404", "429", "500", "503", "html", "moved", "token")
    },
}


async def _may_fail(hook: str, connection: Connection, *others: str) -> str | None:
    way = HOW.get(hook)
    return await WAYS[way](connection, everything(connection, *others)) if way in WAYS else None


@hookimpl
async def begin_authorization(connection: Connection, return_url: str, state: str) -> AuthorizationStep:
    failed = await _may_fail("begin_authorization", connection, state)
    return failed or AuthorizationStep(method="token", instructions=("Ring the bell.",))  # type: ignore[return-value]


@hookimpl
async def complete_authorization(connection: Connection, answer: dict[str, str]) -> BaseModel:
    failed = await _may_fail("complete_authorization", connection, *answer.values())
    return failed or LeakyCredentials(token="t", password="p", refresh_token="r")  # type: ignore[arg-type, return-value]


@hookimpl
async def renew_credentials(store: Store) -> BaseModel:
    return await _may_fail("renew_credentials", store) or store.credentials  # type: ignore[return-value]


@hookimpl
async def receive_callback(connection: Connection, request: CallbackRequest) -> CallbackAnswer:
    posted = (*request.query.values(), request.body.decode())
    failed = await _may_fail("receive_callback", connection, *posted)
    return failed or CallbackAnswer(problem=everything(connection, *posted))  # type: ignore[return-value]


@hookimpl
async def subscribe_webhooks(store: Store, address: str, secret: str) -> Subscription:
    failed = await _may_fail("subscribe_webhooks", store, address, secret)
    return failed or Subscription({"number": 1})  # type: ignore[return-value]


@hookimpl
async def unsubscribe_webhooks(store: Store, subscription: Subscription) -> None:
    await _may_fail("unsubscribe_webhooks", store)


@hookimpl
async def receive_webhook(store: Store, request: CallbackRequest, secret: str) -> Hints:
    posted = (*request.query.values(), request.body.decode(), secret)
    failed = await _may_fail("receive_webhook", store, *posted)
    return failed or Hints(problem=everything(store, *posted))  # type: ignore[return-value]


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    failed = await _may_fail("check_store", store)
    address = store.settings_as(LeakySettings).address
    return failed or StoreIdentity(key=address, name="Leaky", currency="USD", timezone="UTC")  # type: ignore[return-value]


@hookimpl
async def fetch_orders(store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncGenerator[OrderPage, None]:
    failed = await _may_fail("fetch_orders", store)
    yield failed or await _page(store)  # type: ignore[misc]


async def _page(store: Store) -> OrderPage:
    secrets = everything(store)
    kind = "cut" if HOW.get("orders") == "cut" else "orders"
    answer = await store.http.request("GET", f"{store.settings_as(LeakySettings).address}/{kind}")

    def read(raw: bytes) -> Order:
        if HOW.get("read") == "value":
            raise ValueError(secrets)
        if HOW.get("read") == "rejected":
            raise RejectedError(secrets)
        return _order(raw)

    return OrderPage([Record(None, raw) for raw in answer.records()], read, None)


def _order(raw: bytes) -> Order:
    told = json.loads(raw)
    if "at" not in told:
        raise RejectedError(f"There is no time in {raw!r}.")
    nothing = money(Decimal(0), "USD")
    return Order(
        external_id=told["id"],
        number=told["id"],
        status=OrderStatus.OPEN,
        channel_status=ChannelStatus(id="1"),
        placed_at=datetime.fromisoformat(told["at"]),
        total=nothing,
        subtotal=nothing,
        discount=nothing,
        shipping=nothing,
        tax=nothing,
        buyer=Buyer(name="Ali"),
        billing_address=Address(),
        lines=(),
        extra=told,
    )


@hookimpl
async def fetch_order(store: Store, external_id: str) -> OrderPage:
    return await _may_fail("fetch_order", store) or await _page(store)  # type: ignore[return-value]


@hookimpl
async def count_orders(store: Store, poll: Poll, window: Window) -> int | None:
    return await _may_fail("count_orders", store) or 2  # type: ignore[return-value]


@hookimpl
async def fetch_listings(store: Store, cursor: Cursor) -> AsyncGenerator[ListingPage, None]:
    failed = await _may_fail("fetch_listings", store)
    secrets = everything(store)

    def read(raw: bytes) -> list[Listing]:
        if HOW.get("read") == "value":
            raise ValueError(secrets)
        return [Listing(external_id="a", sku="SKU", stock=Decimal(1), price=money(Decimal(1), "USD"))]

    yield failed or ListingPage([Record("a", b"{}")], read, None)  # type: ignore[misc]


def _outcomes(store: Store, listings: list[str]) -> list[Outcome]:
    told = everything(store)
    return [RetryLater(one, told) if HOW.get("refuse") == "later" else Refused(one, told) for one in listings]


@hookimpl
async def push_stock(store: Store, changes: Sequence[StockChanges]) -> AsyncGenerator[Sequence[Outcome], None]:
    failed = await _may_fail("push_stock", store)
    yield failed or _outcomes(store, [one.listing for group in changes for one in group.changes])  # type: ignore[misc]


@hookimpl
async def push_prices(store: Store, changes: Sequence[PriceChange]) -> AsyncGenerator[Sequence[Outcome], None]:
    yield await _may_fail("push_prices", store) or _outcomes(store, [one.listing for one in changes])  # type: ignore[misc]


@hookimpl
async def push_fulfilments(store: Store, fulfilments: Sequence[Fulfilment]) -> AsyncGenerator[Sequence[Outcome], None]:
    yield await _may_fail("push_fulfilments", store) or _outcomes(store, [one.id for one in fulfilments])  # type: ignore[misc]


@hookimpl
async def settle(store: Store, receipts: Sequence[OpenReceipt]) -> AsyncGenerator[Sequence[Outcome], None]:
    yield await _may_fail("settle", store) or _outcomes(store, [one.listing for one in receipts])  # type: ignore[misc]


@hookimpl
async def integration_changed(store: Store, change: IntegrationChange) -> None:
    await _may_fail("integration_changed", store)
