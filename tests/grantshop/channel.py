"""The channel of that platform: an application, a region and a number as settings, tokens that expire."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from hub_core import (
    CONTRACT_VERSION,
    AuthorizationError,
    AuthorizationStep,
    CallbackAnswer,
    CallbackRequest,
    ChannelInfo,
    Connection,
    Cursor,
    Grant,
    IntegrationChange,
    OrderPage,
    Poll,
    Record,
    Revocation,
    Store,
    StoreIdentity,
    Window,
    hookimpl,
)
from tests.grantshop.platform import LIFE, Account, platform
from tests.toyshop.channel import read


class GrantSettings(BaseModel):
    """Which account."""

    model_config = ConfigDict(extra="forbid")

    region: Literal["eu", "us"] = Field(title="Region", description="Where the account is kept.")
    account: int = Field(title="Account", ge=1, le=999, examples=[7])
    trial: bool = Field(default=False, title="Trial account")
    timezone: str | None = Field(default=None, title="Time zone", pattern="^[A-Z]")


class GrantApplication(BaseModel):
    """The hub's registration."""

    client_id: str
    client_secret: SecretStr


class GrantCredentials(BaseModel):
    """What opens an account, until it expires."""

    access: SecretStr = Field(title="Access token")
    refresh: SecretStr = Field(title="Refresh token")
    expires_at: AwareDatetime | None = None


def _key(settings: GrantSettings) -> str:
    return f"{settings.region}-{settings.account}"


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="grantshop",
        company="Grant Shop",
        description="A platform for tests.",
        contract_version=CONTRACT_VERSION,
        settings=GrantSettings,
        credentials=GrantCredentials,
        application=GrantApplication,
        polls=(Poll.NEW,),
        store_key=_key,
        callback_methods=frozenset({"GET", "POST"}),
    )


@hookimpl
async def begin_authorization(connection: Connection, return_url: str, state: str) -> AuthorizationStep:
    settings = connection.settings_as(GrantSettings)
    client = connection.application_as(GrantApplication).client_id
    query = urlencode({"client": client, "account": settings.account, "back": return_url, "state": state})
    return AuthorizationStep(
        method="redirect", url=f"https://grant.example/sign-in?{query}", instructions=("Sign in.", "Say yes.")
    )


@hookimpl
async def complete_authorization(connection: Connection, answer: dict[str, str]) -> GrantCredentials:
    account = _account(connection)
    if answer.get("code") not in account.codes:
        raise AuthorizationError(f"The platform said: {answer.get('error', 'this code is unknown')}.")
    account.codes.discard(answer["code"])
    return _credentials(account)


@hookimpl
async def renew_credentials(store: Store) -> GrantCredentials:
    account = _account(store)
    if account.before_renewal is not None:
        await account.before_renewal()
    account.renewals += 1
    refresh = store.credentials_as(GrantCredentials).refresh.get_secret_value()
    if not account.renews or refresh != account.refresh:
        raise AuthorizationError("The platform renews these tokens no more.")
    return _credentials(account)


@hookimpl
async def receive_callback(connection: Connection, request: CallbackRequest) -> CallbackAnswer:
    if request.method == "GET":
        return CallbackAnswer(body=request.query.get("challenge", "").encode())
    try:
        told: dict[str, Any] = json.loads(request.body)
        key = f"{told['region']}-{told['account']}"
        if told["client"] != connection.application_as(GrantApplication).client_id:
            return CallbackAnswer(problem="it is for another client.")
        if told["event"] == "crash":
            raise RuntimeError(told["access"])
        if told["event"] == "granted":
            expires_at = platform().clock.now() + LIFE
            given = GrantCredentials(access=told["access"], refresh=told["refresh"], expires_at=expires_at)
            return CallbackAnswer(grants=(Grant(store_key=key, credentials=given),), body=b"thanks")
    except (ValueError, KeyError, TypeError):
        return CallbackAnswer(problem="it cannot be read.")
    return CallbackAnswer(revocations=(Revocation(store_key=key),))


@hookimpl
async def integration_changed(store: Store, change: IntegrationChange) -> None:
    _account(store).heard.append(change)


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    account = _opened(store)
    settings = store.settings_as(GrantSettings)
    return StoreIdentity(
        key=_key(settings if account.poses_as is None else settings.model_copy(update={"account": account.poses_as})),
        name=account.name,
        currency=account.currency,
        timezone=account.timezone,
        missing_permissions=account.missing,
    )


@hookimpl
async def fetch_orders(store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncGenerator[OrderPage, None]:
    start = cursor if isinstance(cursor, int) else 0
    while True:
        account = _opened(store)
        account.asked(poll, window, start)
        rows = account.found(poll, window)[start : start + account.page_size]
        if not rows:
            return
        start += len(rows)
        yield OrderPage([Record(row.external_id, row.raw) for row in rows], read, start)


def _account(connection: Connection) -> Account:
    account = platform().accounts.get(connection.settings_as(GrantSettings).account)
    if account is None:
        raise AuthorizationError("The platform knows no such account.")
    return account


def _opened(store: Store) -> Account:
    account, given = _account(store), store.credentials_as(GrantCredentials)
    expired = given.expires_at is not None and given.expires_at <= platform().clock.now()
    if expired or given.access.get_secret_value() != account.access:
        raise AuthorizationError("The platform does not accept this token.")
    return account


def _credentials(account: Account) -> GrantCredentials:
    access, refresh = account.issue()
    return GrantCredentials(
        access=SecretStr(access), refresh=SecretStr(refresh), expires_at=platform().clock.now() + LIFE
    )
