"""The life of an integration, the same for every channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import ConflictError, InputError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import Integration
from hub_core.services.auditing import shown_settings
from hub_core.services.authorization import Authorization
from hub_core.services.checks import checked_rules, validated
from hub_core.services.inheriting import Inheriting
from hub_core.services.lookup import locked
from hub_core.services.reconfiguring import Reconfiguration
from hub_core.services.removing import Removing
from hub_core.services.switching import Switching
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


_LONGEST_NAME = 100


class Integrations(Authorization, Reconfiguration, Switching, Removing, Inheriting):
    """Adds, shows, changes and removes integrations, each named by its id or its name."""

    async def page(self, *, removed: bool = False, before: int | None = None, limit: int = 50) -> Sequence[Integration]:
        """List integrations, newest first, from the one with the id *before* on."""
        return await self._shown_all(lambda repository: repository.find(removed=removed, before=before, limit=limit))

    async def list(self, *, removed: bool = False) -> Sequence[Integration]:
        """List all integrations, newest first."""
        return await self._shown_all(lambda repository: repository.find(removed=removed))

    async def get(self, integration: int | str) -> Integration:
        """Give one, also a removed one by its id. Raises NotFoundError with the names that there are."""
        return await self._shown((await self._row(integration)).id)

    async def add(
        self, channel: str, *, name: str, settings: Mapping[str, Any], rules: Mapping[str, Any] | None = None
    ) -> Integration:
        """Add one that awaits its authorisation.

        Raises InputError per field, ConflictError where *name* is in use, or *settings* name a store that is connected.
        """
        found, name = self._parts.channels.channel(channel), checked_name(name)
        info, given = found.info, validated(found.info.settings, settings, "settings")
        checked = _plain(given)
        ruled = checked_rules(rules or {})
        now = self._parts.clock.now()

        def add(connection: Connection) -> int:
            self._connector.refuse_held(connection, found, given)
            values = {"settings": checked, "settings_version": info.settings_version, "rules": ruled}
            added = IntegrationRepository(connection).add(channel, name, now, **values)
            FlowRepository(connection, self._parts.database).add(added, found.flows)
            EventRepository(connection).record(
                [NewEvent(type="integration.added", integration_id=added, data={"name": name})], now
            )
            told = {"channel": channel, "settings": shown_settings(info.settings, checked)}
            AuditRepository(connection).record(
                NewAudit("integration.added", Subject("integration", added, name), after=told), now
            )
            return added

        return await self._shown(await self._unless_named(name, add))

    async def rename(self, integration: int | str, name: str) -> Integration:
        """Give it another name. Raises ConflictError where that is in use."""
        row = await self._present(integration)
        name = checked_name(name)

        def rename(connection: Connection) -> None:
            before, now = locked(connection, row).name, self._parts.clock.now()
            IntegrationRepository(connection).change(row.id, name=name)
            event = NewEvent(type="integration.renamed", integration_id=row.id, data={"from": before, "to": name})
            EventRepository(connection).record([event], now)
            told = NewAudit(event.type, Subject("integration", row.id, name), {"name": before}, {"name": name})
            AuditRepository(connection).record(told, now)

        await self._unless_named(name, rename)
        return await self._shown(row.id)

    async def _unless_named(self, name: str, change: Any) -> Any:
        try:
            return await self._parts.database.write(change)
        except IntegrityError as error:
            raise ConflictError(
                f"There is an integration named '{name}' already; choose another name.",
                fields={"name": "is in use already"},
            ) from error


def checked_name(name: str) -> str:
    """Give *name* tidied up. Raises InputError where it cannot be told from an id, or not be read."""
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > _LONGEST_NAME or not tidy.isprintable():
        reason = f"must have 1 to {_LONGEST_NAME} characters that can be read"
    elif tidy.isdecimal():
        reason = "must not be a number, or it could be taken for an id"
    else:
        return tidy
    raise InputError(f"The name {reason}.", fields={"name": reason})


def _plain(settings: BaseModel) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude_none=True)
