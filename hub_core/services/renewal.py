"""Renewing credentials that expire: before they do, and once where a store refuses them all the same."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from hub_core.channels.dispatch import ask
from hub_core.domain.errors import UnavailableError
from hub_core.services.checks import written
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.renewals import RenewalRepository
from hub_core.storage.seals import of_integration

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.domain.integrations import Flow
    from hub_core.services.handles import Handles
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

EARLY: Final = timedelta(minutes=2)
"""How long before they expire credentials are renewed: no slice of a flow lasts longer."""
AGAIN: Final = timedelta(minutes=15)
"""Refused once more within this time, fresh credentials are as good as none: the merchant is asked."""
DEADLINE: Final = 60.0
_LOOK_SECONDS: Final = 0.25
_PATIENCE: Final = 100.0


class Renewal:
    """Renews the stored credentials of integrations, one process at a time for each."""

    def __init__(self, parts: Parts, handles: Handles) -> None:
        self._parts = parts
        self._handles = handles
        self._running: set[asyncio.Task[Any]] = set()

    async def in_time(self, channel: Channel, row: IntegrationRow, flow: Flow | None) -> BaseModel:
        """Give the stored credentials, after they were renewed where they expire soon."""
        credentials = self._handles.credentials_of(channel, row)
        if not channel.implements("renew_credentials") or not self._expire(credentials, EARLY):
            return credentials
        return await self._fresh(channel, row, flow)

    async def after_refusal(self, channel: Channel, row: IntegrationRow, flow: Flow | None) -> bool:
        """Renew credentials that the store has refused; tell whether there are others now, worth another try.

        Raises AuthorizationError where the platform renews them no more.
        """
        if row.credentials is None or not channel.implements("renew_credentials"):
            return False
        current = await self._current(row)
        if current != row.credentials:
            return current is not None
        if not self._expire(self._handles.credentials_of(channel, row)) and not await self._may_try(row):
            return False
        await self._fresh(channel, row, flow)
        return True

    def _expire(self, credentials: BaseModel, early: timedelta = timedelta(0)) -> bool:
        expires_at = getattr(credentials, "expires_at", None)
        if not isinstance(expires_at, datetime):
            return False
        aware = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
        return aware - early <= self._parts.clock.now()

    async def _may_try(self, row: IntegrationRow) -> bool:
        """Note that the store has refused them before their time, unless it did so a while ago already."""
        now = self._parts.clock.now()

        def note(connection: Connection) -> bool:
            renewals = RenewalRepository(connection, self._parts.database)
            last = renewals.refused_at(row.id)
            if last is not None and now - last < AGAIN:
                return False
            renewals.note_refusal(row.id, now)
            return True

        return await self._parts.database.write(note)

    async def _fresh(self, channel: Channel, row: IntegrationRow, flow: Flow | None) -> BaseModel:
        """Renew, and store what comes even if nobody waits for it any more: the old ones may be void by then."""
        task = asyncio.create_task(self._renewed(channel, row, flow))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def _renewed(self, channel: Channel, row: IntegrationRow, flow: Flow | None) -> BaseModel:
        owner = uuid4().hex
        if not await self._has_turn(row, owner):
            current = replace(row, credentials=await self._current(row))
            return self._handles.credentials_of(channel, current)
        try:
            old = self._handles.credentials_of(channel, row)
            async with self._handles.store(channel, row, credentials=old, flow=flow) as store:
                renewed = await ask(channel, "renew_credentials", deadline=DEADLINE, store=store)
            return await self._kept(channel, row, renewed)
        finally:
            await self._parts.database.write(
                lambda connection: RenewalRepository(connection, self._parts.database).release(row.id, owner)
            )

    async def _kept(self, channel: Channel, row: IntegrationRow, renewed: BaseModel) -> BaseModel:
        """Store them, unless somebody has authorised the integration anew meanwhile: then give those."""
        sealed = self._parts.vault.encrypt(json.dumps(written(renewed)), of_integration(row.id))
        before = row.credentials
        while before is not None:
            if await self._replaced(row, before, sealed):
                return renewed
            before = await self._sealed_anew(row)
        return self._handles.credentials_of(channel, replace(row, credentials=await self._current(row)))

    async def _replaced(self, row: IntegrationRow, before: str, sealed: str) -> bool:
        return await self._parts.database.write(
            lambda connection: RenewalRepository(connection, self._parts.database).store(row.id, before, sealed)
        )

    async def _sealed_anew(self, row: IntegrationRow) -> str | None:
        """Give what is stored now if it holds the same credentials: a rotation of keys must not cost the fresh ones."""
        vault, owner, current = self._parts.vault, of_integration(row.id), await self._current(row)
        if current is None or row.credentials is None:
            return None
        return current if vault.decrypt(current, owner) == vault.decrypt(row.credentials, owner) else None

    async def _has_turn(self, row: IntegrationRow, owner: str) -> bool:
        """Wait for the turn; False where others have stored fresh credentials by then."""
        patience = self._parts.clock.monotonic() + _PATIENCE

        def claim(connection: Connection) -> bool | None:
            renewals = RenewalRepository(connection, self._parts.database)
            if not renewals.claim(row.id, owner):
                return None
            current = IntegrationRepository(connection).get(row.id)
            if current is not None and current.credentials == row.credentials:
                return True
            renewals.release(row.id, owner)
            return False

        while (has_turn := await self._parts.database.write(claim)) is None:
            if self._parts.clock.monotonic() > patience:
                raise UnavailableError(
                    f"Another process has been renewing the credentials of '{row.name}' for long; "
                    "the hub tries again later.",
                    retry_after=5,
                )
            await self._parts.clock.sleep(_LOOK_SECONDS)
        return has_turn

    async def _current(self, row: IntegrationRow) -> str | None:
        found = await self._parts.database.read(lambda connection: IntegrationRepository(connection).get(row.id))
        return None if found is None else found.credentials
