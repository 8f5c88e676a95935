"""Connecting an integration with its store: whatever claims to open it is tried there first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from hub_core.channels.dispatch import ask
from hub_core.channels.naming import store_named
from hub_core.domain.audit import NewAudit
from hub_core.domain.errors import ConflictError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import ConnectionState, IntegrationChange
from hub_core.domain.lifecycle import Move
from hub_core.domain.polls import Search
from hub_core.services.announcing import Announcer
from hub_core.services.auditing import of
from hub_core.services.checks import written
from hub_core.services.handles import Handles
from hub_core.services.identities import approved, held
from hub_core.services.lookup import locked
from hub_core.services.opening import open_flows
from hub_core.storage.audit import AuditRepository
from hub_core.storage.authorizations import AuthorizationRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.seals import of_integration
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.domain.integrations import StoreIdentity
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

CHECK_DEADLINE = 120.0
"""Seconds that a channel has to check a store: a person waits, but 3DCart may take a minute for one answer."""


class Connector:
    """Tries credentials at a store, and stores those that are right."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handles = Handles(parts)
        self._announcer = Announcer(parts)

    async def identify(self, channel: Channel, row: IntegrationRow, credentials: BaseModel) -> StoreIdentity:
        """Ask the store who it is. Raises AuthorizationError where it does not accept the *credentials*.

        It is not asked, and ConflictError raised, where its settings say already that it is another integration's.
        """
        if row.store is None:
            settings = self._handles.settings_of(channel, row)
            await self._parts.database.read(lambda connection: self.refuse_held(connection, channel, settings, row.id))
        async with self._handles.store(channel, row, credentials=credentials) as store:
            return await ask(channel, "check_store", deadline=CHECK_DEADLINE, store=store)

    def refuse_held(
        self, connection: Connection, channel: Channel, settings: BaseModel, but_not: int | None = None
    ) -> None:
        """Raise ConflictError where *settings* name a store that another integration than *but_not* has."""
        key = store_named(channel, settings)
        holder = None if key is None else IntegrationRepository(connection).connected_to(channel.key, key)
        if holder is not None and holder.store is not None and holder.id != but_not:
            raise held(holder.store, holder.name)

    def approved(
        self, connection: Connection, row: IntegrationRow, told: StoreIdentity, *, moved: bool = False
    ) -> StoreIdentity:
        """Give the identity to store, for what a store has *told*; raises like `identities.approved`."""
        channel = self._parts.channels.channel(row.channel)
        return approved(connection, row, self._handles.settings_of(channel, row), told, moved=moved)

    async def connect(self, row: IntegrationRow, told: StoreIdentity, credentials: BaseModel) -> None:
        """Store *credentials* to which the store of *row* has *told* who it is, and let the flows begin.

        Raises ConflictError where it is another store than before or another integration's, InputError where zone or
        currency is not known; nothing is changed then.
        """
        sealed = self._parts.vault.encrypt(json.dumps(written(credentials)), of_integration(row.id))

        def connect(connection: Connection) -> IntegrationChange:
            fresh = locked(connection, row)
            if fresh.store is None and fresh.settings != row.settings:
                raise ConflictError(f"The settings of '{row.name}' were changed meanwhile; authorise it again.")
            return self._let_in(connection, fresh, self.approved(connection, fresh, told), sealed)

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
        if row.standing.after(Move.CONNECT).works:
            open_flows(connection, self._parts, row)
        AuthorizationRepository(connection).end(row.id)
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
        before, after = {"connection": row.connection}, {"connection": ConnectionState.CONNECTED, "store": identity.key}
        AuditRepository(connection).record(NewAudit(what, of(row), before, after), now)
        return IntegrationChange.ADDED if first else IntegrationChange.REAUTHORISED
