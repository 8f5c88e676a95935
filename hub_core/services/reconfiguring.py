"""Changing the settings and rules of an integration: what decides on access or identity is tried at the store first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from hub_core.domain.errors import ConflictError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import ConnectionState, Flow, Integration, Rules, StoreIdentity
from hub_core.services.auditing import changed, configured, of
from hub_core.services.checks import checked_rules, validated
from hub_core.services.connecting import Connector
from hub_core.services.handles import Handles
from hub_core.services.identities import held
from hub_core.services.lookup import IntegrationLookup, locked
from hub_core.services.targets import Targets
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow


_SAME_STORE = "If it is the same store, which has moved, confirm that (same_store, or --same-store in a terminal)."


class Reconfiguration(IntegrationLookup):
    """Changes settings and rules."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._handles = Handles(parts)
        self._connector = Connector(parts)

    async def change(
        self,
        integration: int | str,
        *,
        settings: Mapping[str, Any] | None = None,
        rules: Mapping[str, Any] | None = None,
        same_store: bool = False,
    ) -> Integration:
        """Change the named settings and rules. New settings of a connected store are tried at the store first.

        *same_store* confirms that a store which calls itself another one by these settings is the same as before, at
        another address. Raises what `authorize` raises; nothing is changed then.
        """
        row = await self._present(integration)
        if rules is not None:
            _ruled(row, rules)
        told = None if settings is None else await self._tried(row, self._with_settings(row, settings))

        def change(connection: Connection) -> None:
            fresh, values = locked(connection, row), {}
            if rules is not None:
                values["rules"] = _ruled(fresh, rules)
            if settings is not None:
                changed = self._with_settings(fresh, settings)
                values |= self._settled(connection, fresh, changed, told, moved=same_store)
            self._write(connection, fresh, values)

        try:
            await self._parts.database.write(change)
        except IntegrityError as error:  # another one was connected with that store in this very moment
            if told is None:
                raise
            raise held(told, "another integration") from error
        return await self._shown(row.id)

    def _write(self, connection: Connection, row: IntegrationRow, values: dict[str, Any]) -> None:
        if values:
            IntegrationRepository(connection).change(row.id, **values)
        if "rules" in values:
            flows = FlowRepository(connection, self._parts.database)
            flows.bring_forward(row.id, Flow.LISTINGS, timedelta(seconds=values["rules"].listing_interval))
            flows.bring_forward(row.id, Flow.ORDERS, timedelta(seconds=values["rules"].order_interval))
            Targets(connection, self._parts.database).of_integration(row.id)
            self._record(connection, row, "integration.changed", {})
        if "store_key" in values and row.store is not None:
            self._record(connection, row, "integration.moved", {"from": row.store.key, "to": values["store_key"]})
        self._audit(connection, row, values)

    def _record(self, connection: Connection, row: IntegrationRow, what: str, data: dict[str, str]) -> None:
        event = NewEvent(type=what, integration_id=row.id, data={"name": row.name, **data})
        EventRepository(connection).record([event], self._parts.clock.now())

    def _audit(self, connection: Connection, row: IntegrationRow, values: dict[str, Any]) -> None:
        model = self._parts.channels.channel(row.channel).info.settings
        chosen = {name: values[name] for name in ("settings", "rules", "store") if name in values}
        after = configured(replace(row, **chosen), model)
        told = changed("integration.changed", of(row), configured(row, model), after)
        if told is not None:
            AuditRepository(connection).record(told, self._parts.clock.now())

    def _with_settings(self, row: IntegrationRow, settings: Mapping[str, Any]) -> IntegrationRow:
        model = self._parts.channels.channel(row.channel).info.settings
        known = {name for key, field in model.model_fields.items() for name in (key, field.alias)}
        stored = {name: value for name, value in row.settings.items() if name in known}  # by an older plugin, maybe
        checked = validated(model, {**stored, **settings}, "settings")
        return replace(row, settings=checked.model_dump(mode="json", exclude_none=True))

    async def _tried(self, row: IntegrationRow, changed: IntegrationRow) -> StoreIdentity | None:
        """Try other settings at the store; None where there is nothing to try."""
        if changed.settings == row.settings or row.connection is ConnectionState.AWAITING_AUTHORIZATION:
            return None
        channel = self._parts.channels.channel(row.channel)
        return await self._connector.identify(channel, changed, self._handles.credentials_of(channel, row))

    def _approved(
        self, connection: Connection, changed: IntegrationRow, told: StoreIdentity, *, moved: bool
    ) -> StoreIdentity:
        """Give the identity to store; where only a confirmation is missing, the refusal says how to give it."""
        try:
            return self._connector.approved(connection, changed, told, moved=moved)
        except ConflictError as error:
            if moved or changed.store is None or changed.store.key == told.key:
                raise
            raise ConflictError(f"{error} {_SAME_STORE}") from error

    def _settled(
        self,
        connection: Connection,
        fresh: IntegrationRow,
        changed: IntegrationRow,
        told: StoreIdentity | None,
        *,
        moved: bool,
    ) -> dict[str, Any]:
        """Give the columns to write for other settings, with the identity that the store has told by them."""
        if told is None:
            is_connected = fresh.connection is not ConnectionState.AWAITING_AUTHORIZATION
            if is_connected and changed.settings != fresh.settings:
                message = f"'{fresh.name}' was authorised meanwhile; change it again, to try it at the store."
                raise ConflictError(message)
            return {"settings": changed.settings}
        identity = self._approved(connection, changed, told, moved=moved)
        values: dict[str, Any] = {"settings": changed.settings, "store": identity}
        if fresh.store is not None and fresh.store.key != identity.key:
            values["store_key"] = identity.key
        return values


def _ruled(row: IntegrationRow, rules: Mapping[str, Any]) -> Rules:
    return checked_rules({**row.rules.model_dump(exclude_unset=True), **rules})
