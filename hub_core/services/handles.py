"""Making the handle through which a channel reaches one store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from hub_core.channels.store import Connection, Store
from hub_core.domain.errors import AuthorizationError, NotReadyError
from hub_core.services.applications import Applications
from hub_core.services.budget import Sending, StoreBudget, scope_of
from hub_core.services.checks import chosen, secrets_of, validated
from hub_core.services.renewal import Renewal
from hub_core.storage.seals import of_integration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import BaseModel

    from hub_core.channels.channel import Channel
    from hub_core.channels.http import StoreHttp
    from hub_core.domain.integrations import Flow
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow


_RENEWED = "The store wanted fresh credentials, which the hub has now; it goes on with them."


class Handles:
    """Makes connections and store handles; each lives as long as its `async with`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.renewal = Renewal(parts, self)

    def settings_of(self, channel: Channel, row: IntegrationRow) -> BaseModel:
        """Give the merchant's settings as the channel's model."""
        return validated(channel.info.settings, row.settings, f"settings of '{row.name}'")

    async def application_of(self, channel: Channel) -> BaseModel | None:
        """Give the hub's application keys, None where none are stored."""
        if channel.info.application is None:
            return None
        values = await Applications(self._parts).stored(channel.key)
        return validated(channel.info.application, values, "application keys") if values else None

    def credentials_of(self, channel: Channel, row: IntegrationRow) -> BaseModel:
        """Unseal the credentials. Raises AuthorizationError where there are none."""
        if row.credentials is None:
            raise AuthorizationError(f"'{row.name}' is not authorised; authorise it.")
        text = self._parts.vault.decrypt(row.credentials, of_integration(row.id))
        try:
            return channel.info.credentials.model_validate_json(text)
        except ValidationError:
            raise AuthorizationError(
                f"The stored credentials of '{row.name}' are not those that this version of the plugin needs; "
                "authorise it again."
            ) from None

    @asynccontextmanager
    async def connection(self, channel: Channel, row: IntegrationRow) -> AsyncIterator[Connection]:
        """Open the way to a store that is not authorised yet."""
        application = await self.application_of(channel)
        settings = self.settings_of(channel, row)
        budget = StoreBudget(
            database=self._parts.database,
            scope=scope_of(channel, row, settings),
            budgets=channel.info.rate_budgets,
        )
        http = self._http(channel, budget, secrets_of(application, settings))
        try:
            yield Connection(http=http, settings=settings, application=application)
        finally:
            await http.aclose()

    @asynccontextmanager
    async def nowhere(self, channel: Channel) -> AsyncIterator[Connection]:
        """Open the way to a platform whose store is not known."""
        application = await self.application_of(channel)
        budget = StoreBudget(
            database=self._parts.database, scope=f"{channel.key}/callbacks", budgets=channel.info.rate_budgets
        )
        http = self._http(channel, budget, secrets_of(application))
        try:
            yield Connection(http=http, settings=None, application=application)
        finally:
            await http.aclose()

    @asynccontextmanager
    async def store(
        self,
        channel: Channel,
        row: IntegrationRow,
        *,
        credentials: BaseModel | None = None,
        flow: Flow | None = None,
        sending: Sending | None = None,
    ) -> AsyncIterator[Store]:
        """Open a store, with *credentials* that are tried out or else the stored ones, for a *flow* or a person.

        *sending* says, while it is used, which figures are about to leave. For a flow, stored credentials that expire
        are renewed before; where it finds them refused, they are renewed once and it goes on with a store opened anew
        (NotReadyError). A person's deed, such as disabling, waits for nothing of the kind.
        """
        renews = credentials is None and flow is not None
        application = await self.application_of(channel)
        settings = self.settings_of(channel, row)
        if credentials is None:
            credentials = (
                await self.renewal.in_time(channel, row, flow) if renews else self.credentials_of(channel, row)
            )
        zone = chosen("timezone", settings, row.store)
        budget = StoreBudget(
            database=self._parts.database,
            scope=scope_of(channel, row, settings),
            budgets=channel.info.rate_budgets,
            flow=None if flow is None else (row.id, flow),
            sending=sending or Sending(),
        )
        http = self._http(channel, budget, secrets_of(application, settings, credentials))
        try:
            yield Store(
                http=http,
                settings=settings,
                application=application,
                credentials=credentials,
                timezone=None if zone is None else ZoneInfo(zone),
                currency=chosen("currency", settings, row.store),
            )
        except AuthorizationError as error:
            if not (renews and await self.renewal.after_refusal(channel, row, flow)):
                raise
            raise NotReadyError(None, _RENEWED, retry_after=0) from error
        finally:
            await http.aclose()

    def _http(self, channel: Channel, budget: StoreBudget, secrets: list[str]) -> StoreHttp:
        from hub_core.channels.http import StoreHttp  # noqa: PLC0415 - httpx takes its time, and not every command asks

        return StoreHttp(
            budget=budget,
            scrub=channel.info.scrub,
            scrub_parameters=channel.info.scrub_parameters,
            secrets=secrets,
            clock=self._parts.clock,
            allow_private=self._parts.allow_private,
        )
