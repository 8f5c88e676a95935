"""What platforms post when merchants grant or take back access: hints, each of which is tried before it is believed."""

from __future__ import annotations

import hmac
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from hub_core.channels.callbacks import CallbackAnswer
from hub_core.channels.dispatch import ask
from hub_core.channels.naming import store_named
from hub_core.domain.acting import Actor, ActorKind, acting
from hub_core.domain.errors import AuthorizationError, ConflictError, HubError, NotFoundError, UnavailableError
from hub_core.domain.integrations import ConnectionState
from hub_core.services.callback_addresses import CallbackAddresses
from hub_core.services.complaints import Complaints
from hub_core.services.connecting import Connector
from hub_core.services.handles import Handles
from hub_core.services.stopping import lock_out
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hub_core.channels.callbacks import CallbackRequest, Grant, Revocation
    from hub_core.channels.channel import Channel
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

DEADLINE: Final = 30.0
_UNKNOWN = "There is nothing at this address."
_TAKEN_BACK = "The merchant has taken back the hub's access to the store."


class Callbacks:
    """Hears platforms."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handles = Handles(parts)
        self._connector = Connector(parts)
        self._addresses = CallbackAddresses(parts)
        self._complaints = Complaints(parts.clock)

    async def channel_at(self, channel: str, secret: str) -> Channel:
        """Give the channel that is called at this address. Raises NotFoundError for any address but the right one."""
        found = self._parts.channels.channels.get(channel)
        if found is None:
            raise NotFoundError(_UNKNOWN)
        if not await self._addresses.is_right(found, secret):
            self.complain(found, "somebody called an address that is not the hub's")
            raise NotFoundError(_UNKNOWN)
        return found

    async def receive(self, channel: Channel, request: CallbackRequest) -> CallbackAnswer:
        """Let the channel read what was posted, and act on what proves true. Gives what the platform is answered.

        Raises UnavailableError where a store cannot be asked now: nothing was changed, and the platform may ask again.
        """
        async with self._handles.nowhere(channel) as connection:
            answer = await ask(channel, "receive_callback", deadline=DEADLINE, connection=connection, request=request)
        if answer.problem:
            self.complain(channel, answer.problem)
        for grant in answer.grants:
            await self._heed(channel, self._grant(channel, grant))
        for revocation in answer.revocations:
            await self._heed(channel, self._revoke(channel, revocation))
        return answer

    def complain(self, channel: Channel, what: str) -> None:
        """Log that something came that changes nothing, once in a while."""
        self._complaints.make(f"callback of {channel.key}", f"A callback of {channel.key} changed nothing: {what}")

    async def _heed(self, channel: Channel, deed: Coroutine[Any, Any, None]) -> None:
        try:
            with acting(Actor(ActorKind.PLUGIN, channel.key)):
                await deed
        except UnavailableError:
            raise
        except HubError as error:
            self.complain(channel, str(error))

    async def _grant(self, channel: Channel, grant: Grant) -> None:
        """Connect the integration that stands for the store, or waits for it, if the credentials open that store."""
        row = await self._integration_of(channel, grant.store_key)
        if row is None:
            raise ConflictError("no integration stands for the store, or waits for it.")
        if row.connection is ConnectionState.CONNECTED and self._has(channel, row, grant.credentials):
            return
        try:
            told = await self._connector.identify(channel, row, grant.credentials)
            if told.key != grant.store_key:
                raise ConflictError("the credentials open another store than the one that was named.")
            await self._connector.connect(row, told, grant.credentials)
        except UnavailableError:
            raise
        except HubError as error:
            raise ConflictError(f"'{row.name}' is not connected by it: {error}") from error

    async def _revoke(self, channel: Channel, revocation: Revocation) -> None:
        """Stop the integration of the store, if what is taken back is what it works with, or it works no more."""
        row = await self._parts.database.read(
            lambda connection: IntegrationRepository(connection).connected_to(channel.key, revocation.store_key)
        )
        if row is None or row.connection is not ConnectionState.CONNECTED:
            raise ConflictError("no integration works with the store.")
        given = revocation.credentials
        if not (given is not None and self._has(channel, row, given)) and await self._is_let_in(channel, row):
            raise ConflictError("the store still lets the hub in.")
        await self._parts.database.write(lambda connection: lock_out(connection, self._parts, row, _TAKEN_BACK))

    async def _is_let_in(self, channel: Channel, row: IntegrationRow) -> bool:
        """Ask the store, with fresh credentials where those that are stored have just expired: that takes back none."""
        try:
            credentials = await self._handles.renewal.in_time(channel, row, None)
            await self._connector.identify(channel, row, credentials)
        except AuthorizationError:
            return False
        return True

    async def _integration_of(self, channel: Channel, store_key: str) -> IntegrationRow | None:
        held, waiting = await self._parts.database.read(
            lambda connection: (
                IntegrationRepository(connection).connected_to(channel.key, store_key),
                IntegrationRepository(connection).waiting(channel.key),
            )
        )
        return held or next((row for row in waiting if self._waits_for(channel, row, store_key)), None)

    def _waits_for(self, channel: Channel, row: IntegrationRow, store_key: str) -> bool:
        try:
            settings = self._handles.settings_of(channel, row)
        except HubError:  # a newer version of the plugin wants others
            return False
        return store_named(channel, settings) == store_key

    def _has(self, channel: Channel, row: IntegrationRow, given: BaseModel) -> bool:
        """Tell whether every secret that is *given* is the one that is stored."""
        try:
            stored = self._handles.credentials_of(channel, row)
        except HubError:
            return False
        theirs = {name: value for name, value in given if isinstance(value, SecretStr)}
        return bool(theirs) and all(_same(value, getattr(stored, name, None)) for name, value in theirs.items())


def _same(given: SecretStr, stored: object) -> bool:
    if not isinstance(stored, SecretStr):
        return False
    return hmac.compare_digest(given.get_secret_value().encode(), stored.get_secret_value().encode())
