"""Being let in by a store: credentials are tried first, and stored only if they are right."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from hub_core.channels.dispatch import ask
from hub_core.domain.errors import ConflictError
from hub_core.domain.events import NewEvent
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import ConnectionState, Integration, IntegrationChange, Rules, StoreIdentity
from hub_core.domain.polls import Search
from hub_core.services.announcing import Announcer
from hub_core.services.checks import validated, written
from hub_core.services.handles import Handles
from hub_core.services.identities import approved, held
from hub_core.services.lookup import IntegrationLookup
from hub_core.services.resuming import resume
from hub_core.services.targets import Targets
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.seals import of_integration
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

CHECK_DEADLINE = 120.0
"""Seconds that a channel has to check a store: a person waits, but 3DCart may take a minute for one answer."""


class AuthorizationStart(Fact):
    """What the merchant has to do so that the store lets the hub in; *fields* is the JSON Schema of his answer."""

    method: str
    instructions: tuple[str, ...]
    url: str | None
    callback_url: str
    fields: dict[str, Any]


class Authorization(IntegrationLookup):
    """Authorises integrations and verifies that they still are."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._handles = Handles(parts)
        self._announcer = Announcer(parts)

    async def begin_authorization(self, integration: int | str) -> AuthorizationStart:
        """Tell what the merchant has to do."""
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        schema = channel.info.credentials.model_json_schema()
        return_url = f"{self._parts.public_url}/authorizations/{channel.key}"
        if not channel.implements("begin_authorization"):
            return AuthorizationStart(method="token", instructions=(), url=None, callback_url=return_url, fields=schema)
        async with self._handles.connection(channel, row) as connection:
            step = await ask(
                channel,
                "begin_authorization",
                deadline=CHECK_DEADLINE,
                connection=connection,
                return_url=return_url,
                state="",
            )
        return AuthorizationStart(
            method=step.method,
            instructions=step.instructions,
            url=step.url,
            callback_url=return_url,
            fields=schema,
        )

    async def authorize(self, integration: int | str, answer: Mapping[str, Any]) -> Integration:
        """Try the merchant's *answer* at the store, and connect the integration if it is right.

        Raises InputError per field, AuthorizationError where the store refuses it, ConflictError where the store is
        another one than before or is held by another integration; the old credentials then stay as they are.
        """
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        credentials = validated(channel.info.credentials, answer, "credentials")
        told = await self._ask_identity(channel, row, credentials)
        await self._connect(row, told, credentials)
        return await self._shown(row.id)

    async def verify(self, integration: int | str) -> StoreIdentity:
        """Ask the store who it is, with the credentials that are stored. Raises what `authorize` raises.

        Where it lets the hub in although it did not before, the integration works again.
        """
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        told = await self._ask_identity(channel, row, self._handles.credentials_of(channel, row))

        def verify(connection: Connection) -> StoreIdentity:
            identity = self._approved(connection, self._locked(connection, row), told)
            IntegrationRepository(connection).change(row.id, store=identity)
            resume(connection, self._parts, row)
            return identity

        return await self._parts.database.write(verify)

    async def change(
        self,
        integration: int | str,
        *,
        settings: Mapping[str, Any] | None = None,
        rules: Mapping[str, Any] | None = None,
    ) -> Integration:
        """Change the named settings and rules. New settings of a connected store are tried at the store first."""
        row = await self._present(integration)
        if rules is not None:
            _ruled(row, rules)
        told = None if settings is None else await self._tried(row, self._with_settings(row, settings))

        def change(connection: Connection) -> None:
            fresh, values = self._locked(connection, row), {}
            if rules is not None:
                values["rules"] = _ruled(fresh, rules)
            if settings is not None:
                values |= self._settled(connection, fresh, self._with_settings(fresh, settings), told)
            if values:
                IntegrationRepository(connection).change(row.id, **values)
            if "rules" in values:
                Targets(connection, self._parts.database).of_integration(row.id)
                event = NewEvent(type="integration.changed", integration_id=row.id, data={"name": fresh.name})
                EventRepository(connection).record([event], self._parts.clock.now())

        await self._parts.database.write(change)
        return await self._shown(row.id)

    def _with_settings(self, row: IntegrationRow, settings: Mapping[str, Any]) -> IntegrationRow:
        model = self._parts.channels.channel(row.channel).info.settings
        checked = validated(model, {**row.settings, **settings}, "settings")
        return replace(row, settings=checked.model_dump(mode="json", exclude_none=True))

    async def _tried(self, row: IntegrationRow, changed: IntegrationRow) -> StoreIdentity | None:
        """Try other settings at the store; None where there is nothing to try."""
        if changed.settings == row.settings or row.connection is ConnectionState.AWAITING_AUTHORIZATION:
            return None
        channel = self._parts.channels.channel(row.channel)
        return await self._ask_identity(channel, changed, self._handles.credentials_of(channel, row))

    def _settled(
        self, connection: Connection, fresh: IntegrationRow, changed: IntegrationRow, told: StoreIdentity | None
    ) -> dict[str, Any]:
        """Give the columns to write for other settings, with the identity that the store has told by them."""
        if told is not None:
            return {"settings": changed.settings, "store": self._approved(connection, changed, told)}
        is_connected = fresh.connection is not ConnectionState.AWAITING_AUTHORIZATION
        if is_connected and changed.settings != fresh.settings:
            raise ConflictError(f"'{fresh.name}' was authorised meanwhile; change it again, to try it at the store.")
        return {"settings": changed.settings}

    def _open_flows(self, connection: Connection, row: IntegrationRow) -> None:
        """Open the flows of an integration that is enabled and connected, as far as its channel is there."""
        channel = self._parts.channels.channels.get(row.channel)
        if channel is not None:
            FlowRepository(connection, self._parts.database).open(row.id, channel.flows)

    async def _ask_identity(self, channel: Channel, row: IntegrationRow, credentials: BaseModel) -> StoreIdentity:
        async with self._handles.store(channel, row, credentials=credentials) as store:
            return await ask(channel, "check_store", deadline=CHECK_DEADLINE, store=store)

    def _approved(self, connection: Connection, row: IntegrationRow, told: StoreIdentity) -> StoreIdentity:
        channel = self._parts.channels.channel(row.channel)
        return approved(connection, row, self._handles.settings_of(channel, row), told)

    async def _connect(self, row: IntegrationRow, told: StoreIdentity, credentials: BaseModel) -> None:
        sealed = self._parts.vault.encrypt(json.dumps(written(credentials)), of_integration(row.id))

        def connect(connection: Connection) -> IntegrationChange:
            fresh = self._locked(connection, row)
            if fresh.store is None and fresh.settings != row.settings:
                raise ConflictError(f"The settings of '{row.name}' were changed meanwhile; authorise it again.")
            return self._let_in(connection, fresh, self._approved(connection, fresh, told), sealed)

        try:
            await self._announcer.change(row, connect, credentials)
        except IntegrityError as error:
            holder = await self._parts.database.read(
                lambda connection: IntegrationRepository(connection).connected_to(row.channel, told.key)
            )
            raise held(told, "another integration" if holder is None else holder.name) from error

    def _let_in(
        self, connection: Connection, row: IntegrationRow, identity: StoreIdentity, sealed: str
    ) -> IntegrationChange:
        """Note that the store lets the hub in; the flows of a disabled integration stay closed."""
        now = self._parts.clock.now()
        if row.enabled:
            self._open_flows(connection, row)
        IntegrationRepository(connection).change(
            row.id,
            credentials=sealed,
            store=identity,
            store_key=identity.key,
            connection=ConnectionState.CONNECTED.value,
            connected_at=row.connected_at or now,
            problem_code=None,
            problem_sentence=None,
            problem_since=None,
        )
        first = row.connected_at is None
        if first:
            SearchRepository(connection).start(row.id, dict.fromkeys(Search), now)
        what = "integration.connected" if first else "integration.reauthorized"
        event = NewEvent(type=what, integration_id=row.id, data={"name": row.name, "store": identity.name})
        EventRepository(connection).record([event], now)
        return IntegrationChange.ADDED if first else IntegrationChange.REAUTHORISED


def _ruled(row: IntegrationRow, rules: Mapping[str, Any]) -> Rules:
    return validated(Rules, {**row.rules.model_dump(exclude_unset=True), **rules}, "rules")
