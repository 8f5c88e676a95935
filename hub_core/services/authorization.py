"""Being let in by a store: credentials are tried first, and stored only if they are right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub_core.channels.dispatch import ask
from hub_core.domain.acting import Actor, acting, actor
from hub_core.domain.audit import NewAudit
from hub_core.domain.channels import AuthorizationStep
from hub_core.domain.errors import AuthorizationError, ConflictError, HubError, InputError
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import Integration, StoreIdentity
from hub_core.services.auditing import changed, of
from hub_core.services.callback_addresses import CallbackAddresses
from hub_core.services.checks import validated
from hub_core.services.complaints import Complaints
from hub_core.services.connecting import CHECK_DEADLINE, Connector
from hub_core.services.handles import Handles
from hub_core.services.lookup import IntegrationLookup, locked
from hub_core.services.resuming import resume
from hub_core.storage.audit import AuditRepository
from hub_core.storage.authorizations import AuthorizationRepository, BegunAuthorization, new_state
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

VALID_FOR: Final = timedelta(minutes=15)
"""How long a merchant may take to sign in at the platform."""
_LONGEST_STATE: Final = 200
_STALE = "This sign-in was completed already, has expired or was not begun here; begin the authorisation once more."


class AuthorizationStart(Fact):
    """What the merchant has to do so that the store lets the hub in; *fields* is the JSON Schema of his answer.

    *url* leads to the platform where he signs in there, until *expires_at*; he comes back to *return_url*. At
    *callback_url* the hub hears of it where the platform posts what was granted: an address that is to be kept secret,
    and None while it cannot be read for want of its key.
    """

    method: str
    instructions: tuple[str, ...]
    url: str | None
    callback_url: str | None
    return_url: str
    expires_at: datetime | None
    fields: dict[str, Any]


class Authorization(IntegrationLookup):
    """Authorises integrations and verifies that they still are."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._handles = Handles(parts)
        self._connector = Connector(parts)
        self._callbacks = CallbackAddresses(parts)
        self._complaints = Complaints(parts.clock)

    async def begin_authorization(self, integration: int | str, *, by: str | None = None) -> AuthorizationStart:
        """Tell what the merchant has to do; it ends what was begun before.

        *by* names who asks, since only he may complete it: by default whoever acts.
        """
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        return_url = self._callbacks.return_url(channel)
        state = new_state()
        step = await self._first_step(channel, row, return_url, state)
        return AuthorizationStart(
            method=step.method,
            instructions=step.instructions,
            url=step.url,
            callback_url=await self._callbacks.address(channel),
            return_url=return_url,
            expires_at=await self._begun(row, state, by or str(actor())) if step.method == "redirect" else None,
            fields=channel.info.credentials.model_json_schema(),
        )

    async def _first_step(
        self, channel: Channel, row: IntegrationRow, return_url: str, state: str
    ) -> AuthorizationStep:
        if not channel.implements("begin_authorization"):
            return AuthorizationStep(method="token")
        hook: Final = "begin_authorization"
        async with self._handles.connection(channel, row) as connection:
            given = {"connection": connection, "return_url": return_url, "state": state}
            return await ask(channel, hook, deadline=CHECK_DEADLINE, **given)

    async def _begun(self, row: IntegrationRow, state: str, by: str) -> datetime:
        now = self._parts.clock.now()
        begun = BegunAuthorization(
            integration_id=row.id, channel=row.channel, begun_by=by, created_at=now, expires_at=now + VALID_FOR
        )

        def begin(connection: Connection) -> None:
            locked(connection, row)
            AuthorizationRepository(connection).begin(begun, state)
            AuditRepository(connection).record(NewAudit("authorization.begun", of(row), after={"by": by}), now)

        await self._parts.database.write(begin)
        return begun.expires_at

    async def is_begun(self, integration: int | str) -> bool:
        """Tell whether a sign-in at the platform may still be answered, or its answer is being dealt with."""
        row, now = await self._row(integration), self._parts.clock.now()
        return await self._parts.database.read(
            lambda connection: AuthorizationRepository(connection).is_begun(row.id, now)
        )

    async def complete_authorization(
        self, channel: str, answer: Mapping[str, str], *, by: str | None = None
    ) -> Integration:
        """Take what a platform sent along when it sent the merchant back, try it at the store and connect.

        The `state` among it says which integration it is for; it counts once, whatever comes of it, and only for him
        who began (*by*, where that is known). Raises InputError where it does not count, and what `authorize` raises.
        """
        found = self._parts.channels.channel(channel)
        try:
            return await self._completed(found, answer, by)
        except HubError as error:
            self._complaints.make(f"authorization of {found.key}", f"A sign-in at {found.key} let nobody in: {error}")
            raise

    async def _completed(self, channel: Channel, answer: Mapping[str, str], by: str | None) -> Integration:
        state = answer.get("state", "")
        begun = await self._known(state)
        if begun is None or begun.channel != channel.key or begun.expires_at <= self._parts.clock.now():
            raise InputError(_STALE)
        if by not in (None, begun.begun_by):
            raise InputError("Somebody else has begun this sign-in; begin the authorisation yourself.")
        if not await self._used_up(state):
            raise InputError(_STALE)
        try:
            row = await self._present(begun.integration_id)
            credentials = await self._exchanged(channel, row, answer)
            told = await self._connector.identify(channel, row, credentials)
            with acting(Actor.named(begun.begun_by)):
                await self._connector.connect(row, told, credentials)
        finally:
            await self._parts.database.write(lambda connection: AuthorizationRepository(connection).answered(state))
        return await self._shown(row.id)

    async def _used_up(self, state: str) -> bool:
        now = self._parts.clock.now()
        return await self._parts.database.write(
            lambda connection: AuthorizationRepository(connection).use_up(state, now)
        )

    async def _exchanged(self, channel: Channel, row: IntegrationRow, answer: Mapping[str, str]) -> BaseModel:
        given = {name: value for name, value in answer.items() if name != "state"}
        hook: Final = "complete_authorization"
        async with self._handles.connection(channel, row) as connection:
            return await ask(channel, hook, deadline=CHECK_DEADLINE, connection=connection, answer=given)

    async def _known(self, state: str) -> BegunAuthorization | None:
        if not 0 < len(state) <= _LONGEST_STATE:
            return None
        return await self._parts.database.read(lambda connection: AuthorizationRepository(connection).known(state))

    async def authorize(self, integration: int | str, answer: Mapping[str, Any]) -> Integration:
        """Try the merchant's *answer* at the store, and connect the integration if it is right.

        Raises InputError per field, AuthorizationError where the store refuses it, ConflictError where the store is
        another one than before or is held by another integration; the old credentials then stay as they are.
        """
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        credentials = validated(channel.info.credentials, answer, "credentials")
        told = await self._connector.identify(channel, row, credentials)
        await self._connector.connect(row, told, credentials)
        return await self._shown(row.id)

    async def verify(self, integration: int | str) -> StoreIdentity:
        """Ask the store who it is, with the credentials that are stored. Raises what `authorize` raises.

        Where it lets the hub in although it did not before, the integration works again. Credentials that expire are
        renewed for it.
        """
        row = await self._present(integration)
        channel = self._parts.channels.channel(row.channel)
        row, told = await self._told(channel, row)

        def verify(connection: Connection) -> StoreIdentity:
            fresh = locked(connection, row)
            identity = self._connector.approved(connection, fresh, told)
            IntegrationRepository(connection).change(row.id, store=identity)
            resumed = resume(connection, self._parts, row)
            before, after = _standing(fresh.store, stopped=resumed), _standing(identity, stopped=False)
            if (seen := changed("integration.verified", of(fresh), before, after)) is not None:
                AuditRepository(connection).record(seen, self._parts.clock.now())
            return identity

        return await self._parts.database.write(verify)

    async def _told(self, channel: Channel, row: IntegrationRow) -> tuple[IntegrationRow, StoreIdentity]:
        """Ask the store who it is, once more where it wants fresh credentials; give the row that bears them."""
        credentials = await self._handles.renewal.in_time(channel, row, None)
        row = await self._present(row.id)
        try:
            return row, await self._connector.identify(channel, row, credentials)
        except AuthorizationError:
            if not await self._handles.renewal.after_refusal(channel, row, None):
                raise
        row = await self._present(row.id)
        if row.credentials is None:
            raise ConflictError(f"'{row.name}' lost its credentials meanwhile; authorise it.")
        fresh = self._handles.credentials_of(channel, row)
        return row, await self._connector.identify(channel, row, fresh)


def _standing(store: StoreIdentity | None, *, stopped: bool) -> dict[str, Any]:
    return {"stopped": stopped, **({} if store is None else store.model_dump(mode="json"))}
