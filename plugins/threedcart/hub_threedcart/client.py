"""Talking to one store: signing in, asking for lists, one thing and numbers, and writing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar
from zlib import crc32

import msgspec

from hub_core import (
    Answer,
    AuthorizationError,
    Connection,
    InputError,
    PermissionMissingError,
    RejectedError,
    ResponseError,
    Store,
    UnavailableError,
)
from hub_threedcart.answers import BAD_REQUEST, NOT_FOUND, SERVER_FAULT, is_complaint, records_of
from hub_threedcart.paging import Row
from hub_threedcart.parsing import read_as, tree_of
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings, environment
from hub_threedcart.statuses import CART
from hub_threedcart.wire import Head, WireCount, WireSettings, WireStatus

Filters = Mapping[str, str | int]
Told = TypeVar("Told")

_HEAD: Final = msgspec.json.Decoder(Head, strict=False)
_COUNT: Final = msgspec.json.Decoder(WireCount, strict=False)
_NOTHING: Final = (BAD_REQUEST, NOT_FOUND)
_ANY_FAULT: Final = frozenset(range(400, 600)) - {401, 403, 408, 429, 502, 503, 504}
"""Statuses that speak of what was sent, or of a fault in dealing with it."""
_PROBES: Final[dict[str, Filters]] = {"StoreSettings": {}, "Products": {"countonly": 1}, "Orders": {"countonly": 1}}
"""Requests that cost little, each for a right of its own."""


class StoreClient:
    """Asks one store."""

    def __init__(self, store: Store) -> None:
        self._http = store.http
        self._root = f"{environment().api_url}/{store.settings_as(ThreeDCartSettings).api_version}"
        self._headers = headers_of(store)

    async def orders(self, filters: Filters, start: int, limit: int) -> list[Row]:
        """Give at most *limit* rows of the list of orders from row *start* on; carts are marked as such."""
        return [row_of(raw) for raw in await self.rows("Orders", filters, start, limit)]

    async def rows(self, resource: str, filters: Filters, start: int, limit: int) -> list[bytes]:
        """Give the texts of at most *limit* rows of a list, from row *start* on."""
        params = {**filters, "limit": limit, "offset": start}
        answer = await self._get(resource, params, (*_NOTHING, SERVER_FAULT))
        if answer.status == SERVER_FAULT:
            # It has meant "no more" (early 2016); only where the store counts fewer rows it is believed.
            if start > await self.count(resource, filters):
                return []
            answer = await self._get(resource, params)
        return await self._records(answer)

    async def parts(self, resource: str) -> list[bytes]:
        """Give the texts of what the store has at the path *resource*; none where there is no such thing."""
        answer = await self._get(resource, {})
        body = answer.body.strip()
        alone = body.startswith(b"{") and answer.status not in _NOTHING and not is_complaint(body)
        return [body] if alone else await self._records(answer)

    async def put(
        self, resource: str, body: Any, expect: Collection[int], reader: Callable[[Answer], Told]
    ) -> tuple[Answer, Told]:
        """Write *body* and give the answer, and what *reader* makes of it.

        Raises PermissionMissingError where the hub is let in but may not write there.
        """
        try:
            answer = await self._send_put(resource, body, expect)
        except PermissionMissingError as error:
            raise PermissionMissingError(_right(resource, "write")) from error
        except AuthorizationError as error:
            if await self._is_let_in():
                raise PermissionMissingError(_right(resource, "write")) from error
            raise
        return answer, await self._understood(answer, reader)

    async def post(
        self, resource: str, body: Any, expect: Collection[int], reader: Callable[[Answer], Told]
    ) -> tuple[Answer, Told]:
        """Add what *body* holds, and give the answer like `put`."""
        answer = await self.send("POST", resource, body, expect)
        return answer, await self._understood(answer, reader)

    async def send(self, method: str, resource: str, body: Any, expect: Collection[int]) -> Answer:
        """Change what is not a figure. Raises PermissionMissingError where the hub is let in, but not to this."""
        address = f"{self._root}/{resource}"
        try:
            return await self._http.request(method, address, json=body, headers=self._headers, expect=expect)
        except PermissionMissingError as error:
            raise PermissionMissingError(_right(resource, "write")) from error
        except AuthorizationError as error:
            if await self._is_let_in():
                raise PermissionMissingError(_right(resource, "write")) from error
            raise

    async def order(self, external_id: str) -> list[Row]:
        """Give the order, or nothing where the store has none of this id. Raises ResponseError for another one."""
        if not (external_id.isascii() and external_id.isdigit()):
            return []
        answer = await self._get(f"Orders/{external_id}", {})
        alone = answer.body.strip().startswith(b"{") and row_of(answer.body).external_id
        rows = [row_of(raw) for raw in ([answer.body] if alone else await self._records(answer))]
        if any(row.external_id not in (None, external_id) for row in rows):
            raise ResponseError(f"The store answered another order than {external_id}, so the hub takes none.")
        return rows

    async def status_of(self, external_id: str) -> int | None:
        """Tell the status of an order; None where that cannot be seen."""
        rows = await self.order(external_id)
        try:
            return _HEAD.decode(rows[0].raw).order_status_id if rows else None
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    async def count(self, resource: str, filters: Filters) -> int:
        """Tell how many rows there are."""
        answer = await self._get(resource, {**filters, "countonly": 1})
        try:
            return max(0, _COUNT.decode(answer.body).total_count)
        except (msgspec.MsgspecError, ValueError):
            pass
        rows = await self._records(answer)
        if rows:
            raise ResponseError(f"The store answered {answer.excerpt()} where a number of rows was expected.")
        return 0

    async def may_write(self, resource: str) -> bool:
        """Tell whether the hub may write there, by writing an empty list, which changes nothing.

        Only a refusal counts: what the platform thinks of an empty list is not documented.
        """
        try:
            await self._send_put(resource, [], _ANY_FAULT)
        except (AuthorizationError, PermissionMissingError):
            return False
        return True

    async def settings(self) -> WireSettings:
        """Give what the store tells of itself."""
        rows = await self.parts("StoreSettings")
        try:
            return read_as(WireSettings, tree_of(rows[0])) if rows else WireSettings()
        except RejectedError as error:
            raise ResponseError(f"The settings of the store cannot be read: {error}") from error

    async def labels(self) -> dict[int, str]:
        """Give the merchant's own wording of each status; nothing where the hub may not read it."""
        try:
            answer = await self._ask("OrderStatus", {}, _NOTHING)
        except (AuthorizationError, PermissionMissingError):
            return {}
        try:
            statuses = [read_as(WireStatus, tree_of(raw)) for raw in await self._records(answer)]
        except RejectedError as error:
            raise ResponseError(f"The statuses of the store cannot be read: {error}") from error
        return {status.order_status_id: (status.status_text or status.status_definition).strip() for status in statuses}

    async def _get(self, resource: str, params: Filters, expect: Collection[int] = _NOTHING) -> Answer:
        try:
            return await self._ask(resource, params, expect)
        except PermissionMissingError as error:
            raise PermissionMissingError(_right(resource, "read")) from error
        except AuthorizationError as error:
            if await self._is_let_in(but_not_to=resource.partition("/")[0]):
                raise PermissionMissingError(_right(resource, "read")) from error
            raise

    async def _is_let_in(self, but_not_to: str = "") -> bool:
        """Tell a missing right from wrong credentials, as the platform answers 401 to both."""
        for resource, params in _PROBES.items():
            if resource != but_not_to:
                try:
                    await self._ask(resource, params, _NOTHING)
                except (AuthorizationError, PermissionMissingError):
                    continue
                return True
        return False

    async def _records(self, answer: Answer) -> list[bytes]:
        return await self._understood(answer, records_of)

    async def _understood(self, answer: Answer, reader: Callable[[Answer], Told]) -> Told:
        """Read it; where the platform says in words that it is asked too much, the rate budget learns of it."""
        try:
            return reader(answer)
        except UnavailableError as error:
            pause = await self._http.throttled(retry_after=error.retry_after)
            raise UnavailableError(str(error), retry_after=pause) from error

    async def _send_put(self, resource: str, body: Any, expect: Collection[int]) -> Answer:
        return await self._http.request(
            "PUT", f"{self._root}/{resource}", json=body, headers=self._headers, expect=expect
        )

    async def _ask(self, resource: str, params: Filters, expect: Collection[int]) -> Answer:
        return await self._http.request(
            "GET", f"{self._root}/{resource}", params=params, headers=self._headers, expect=expect
        )


def _right(resource: str, verb: str) -> str:
    return f"{resource.partition('/')[0]}: {verb}"


def headers_of(store: Store) -> dict[str, str]:
    """Make the headers that open the store. Raises InputError where the hub lacks a private key."""
    credentials = store.credentials_as(ThreeDCartCredentials)
    headers = {"accept": "application/json"}
    if credentials.access_token is not None:
        return {**headers, "Authorization": f"Bearer {credentials.access_token.get_secret_value()}"}
    key = credentials.private_key or application_of(store).private_key
    return {
        **headers,
        "SecureURL": store.settings_as(ThreeDCartSettings).secure_url,
        "PrivateKey": key.get_secret_value(),
        "Token": credentials.token.get_secret_value() if credentials.token else "",
    }


def application_of(connection: Connection) -> ThreeDCartApplication:
    """Give the hub's own keys. Raises InputError where there are none yet."""
    if connection.application is None:
        raise InputError(
            "The hub has no keys of a 3DCart app; enter them with `hub application set threedcart`.",
            fields={"private_key": "This is missing, and the hub has no keys of its own for 3DCart."},
        )
    return connection.application_as(ThreeDCartApplication)


def row_of(raw: bytes) -> Row:
    """Make a row of a text, as far as its head can be read; one without an id is known by its text."""
    try:
        head = _HEAD.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        head = Head()
    if not head.order_id:
        return Row(f"#{crc32(raw):x}", raw)
    key = str(head.order_id)
    return Row(key, raw, key, wanted=head.order_status_id != CART)
