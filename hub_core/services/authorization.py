"""Being let in by a store: credentials are tried first, and stored only if they are right."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from hub_core.channels.dispatch import ask
from hub_core.domain.errors import ConflictError, InputError
from hub_core.domain.events import NewEvent
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import ConnectionState, Integration, IntegrationChange, Rules, StoreIdentity
from hub_core.domain.polls import Search
from hub_core.services.announcing import Announcer
from hub_core.services.checks import chosen, validated, written
from hub_core.services.handles import Handles
from hub_core.services.lookup import IntegrationLookup
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository
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
        identity = await self._ask_identity(channel, row, credentials)
        self._check_complete(channel, row, identity)
        await self._check_same(row, identity)
        await self._connect(row, identity, credentials)
        return await self._shown(row.id)

    async def verify(self, integration: int | str) -> StoreIdentity:
        """Ask the store who it is, with the credentials that are stored. Raises what `authorize` raises."""
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        identity = await self._ask_identity(channel, row, self._handles.credentials_of(channel, row))
        await self._check_same(row, identity)
        await self._parts.database.write(
            lambda connection: IntegrationRepository(connection).change(row.id, store=identity)
        )
        return identity

    async def change(
        self,
        integration: int | str,
        *,
        settings: Mapping[str, Any] | None = None,
        rules: Mapping[str, Any] | None = None,
    ) -> Integration:
        """Change the named settings and rules. New settings of a connected store are tried at the store first."""
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        ruled = validated(Rules, {**row.rules.model_dump(exclude_unset=True), **(rules or {})}, "rules")
        checked = validated(channel.info.settings, {**row.settings, **(settings or {})}, "settings")
        plain = checked.model_dump(mode="json", exclude_none=True)
        if plain != row.settings and row.connection is not ConnectionState.AWAITING_AUTHORIZATION:
            changed = replace(row, settings=plain)
            identity = await self._ask_identity(channel, changed, self._handles.credentials_of(channel, row))
            self._check_complete(channel, changed, identity)
            await self._check_same(row, identity)

        def change(connection: Connection) -> None:
            IntegrationRepository(connection).change(row.id, settings=plain, rules=ruled)
            event = NewEvent(type="integration.changed", integration_id=row.id, data={"name": row.name})
            EventRepository(connection).record([event], self._parts.clock.now())

        await self._parts.database.write(change)
        return await self._shown(row.id)

    async def _ask_identity(self, channel: Channel, row: IntegrationRow, credentials: BaseModel) -> StoreIdentity:
        async with self._handles.store(channel, row, credentials=credentials) as store:
            return await ask(channel, "check_store", deadline=CHECK_DEADLINE, store=store)

    def _check_complete(self, channel: Channel, row: IntegrationRow, identity: StoreIdentity) -> None:
        """Refuse to go on without a zone and a currency: they are never guessed."""
        settings = self._handles.settings_of(channel, row)
        missing = {}
        if chosen("timezone", settings, identity) is None:
            told = f" (it says '{identity.timezone_hint}')" if identity.timezone_hint else ""
            missing["timezone"] = (
                f"The store does not name its time zone{told}; set it, for example timezone=America/New_York."
            )
        if chosen("currency", settings, identity) is None:
            missing["currency"] = "The store does not name its currency; set it, for example currency=USD."
        if missing:
            raise InputError(" ".join(missing.values()), fields=missing)

    async def _check_same(self, row: IntegrationRow, identity: StoreIdentity) -> None:
        if row.store is not None and row.store.key != identity.key:
            raise ConflictError(
                f"These credentials belong to the store '{identity.name or identity.key}', but '{row.name}' is the "
                f"store '{row.store.name or row.store.key}'; add an integration of its own for the other store."
            )
        holder = await self._parts.database.read(
            lambda connection: IntegrationRepository(connection).connected_to(row.channel, identity.key)
        )
        if holder is not None and holder.id != row.id:
            raise _held(identity, holder.name)

    async def _connect(self, row: IntegrationRow, identity: StoreIdentity, credentials: BaseModel) -> None:
        sealed = self._parts.vault.encrypt(json.dumps(written(credentials)), f"integration:{row.id}:credentials")
        now = self._parts.clock.now()
        first = row.connected_at is None

        def connect(connection: Connection) -> None:
            repository = IntegrationRepository(connection)
            flows = FlowRepository(connection, self._parts.database)
            if row.enabled:
                flows.open(row.id)
            repository.change(
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
            if first:
                SearchRepository(connection).start(row.id, dict.fromkeys(Search), now)
            what = "integration.connected" if first else "integration.reauthorized"
            EventRepository(connection).record(
                [NewEvent(type=what, integration_id=row.id, data={"name": row.name, "store": identity.name})], now
            )

        change = IntegrationChange.ADDED if first else IntegrationChange.REAUTHORISED
        try:
            async with self._announcer.after(row, change, credentials):
                await self._parts.database.write(connect)
        except IntegrityError as error:
            raise _held(identity, "another integration") from error


def _held(identity: StoreIdentity, holder: str) -> ConflictError:
    return ConflictError(
        f"The store '{identity.name or identity.key}' is connected already, as '{holder}'; use that one or remove it."
    )
