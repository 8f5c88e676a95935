"""Integrations as rows, with their sealed credentials."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, bindparam, delete, func, insert, select, update

from hub_core.domain.integrations import ConnectionState, Rules, StoreIdentity
from hub_core.domain.lifecycle import Presence, Standing
from hub_core.domain.polls import Search
from hub_core.storage.tables import applications, flow_state, integrations, orders, searches
from hub_core.storage.upserts import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

# What every run asks is made once: that takes longer than the database needs for it.
_ONE = select(integrations).where(integrations.c.id == bindparam("integration"))
_APPLICATION = select(applications.c.document).where(applications.c.channel == bindparam("of_channel"))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationRow:
    """An integration as it is stored; *credentials* are sealed."""

    id: int
    channel: str
    name: str
    enabled: bool
    connection: ConnectionState
    settings: dict[str, Any]
    settings_version: int
    rules: Rules
    store: StoreIdentity | None
    credentials: str | None
    problem_code: str | None
    problem_sentence: str | None
    problem_since: datetime | None
    created_at: datetime
    connected_at: datetime | None
    removed_at: datetime | None

    @property
    def standing(self) -> Standing:
        """Tell where it stands: one that is removed is leaving as long as it has credentials."""
        removed = Presence.GONE if self.credentials is None else Presence.LEAVING
        return Standing(
            connection=self.connection,
            enabled=self.enabled,
            presence=Presence.PRESENT if self.removed_at is None else removed,
            was_connected=self.connected_at is not None,
        )


def name_key(name: str) -> str:
    """Give the form in which names are compared: case and doubled blanks do not tell two apart."""
    return " ".join(name.split()).casefold()


class IntegrationRepository:
    """The integrations, also those that were removed."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def add(self, channel: str, name: str, at: datetime, **values: Any) -> int:
        """Add one that awaits its authorisation."""
        row = {
            "channel": channel,
            "name": name,
            "name_key": name_key(name),
            "enabled": True,
            "connection": ConnectionState.AWAITING_AUTHORIZATION.value,
            "created_at": at,
            **_texts(values),
        }
        return int(self._connection.execute(insert(integrations).values(row).returning(integrations.c.id)).scalar_one())

    def get(self, integration_id: int) -> IntegrationRow | None:
        """Give one by its id."""
        return self._first(_ONE, {"integration": integration_id})

    def named(self, name: str) -> IntegrationRow | None:
        """Give the one that bears *name* now."""
        return self._one(integrations.c.name_key == name_key(name), integrations.c.removed_at.is_(None))

    def connected_to(self, channel: str, store_key: str) -> IntegrationRow | None:
        """Give the one that holds a store now."""
        return self._one(
            integrations.c.channel == channel,
            integrations.c.store_key == store_key,
            integrations.c.removed_at.is_(None),
        )

    def waiting(self, channel: str) -> list[IntegrationRow]:
        """List those of a channel that await their authorisation, newest first."""
        awaiting = integrations.c.connection == ConnectionState.AWAITING_AUTHORIZATION.value
        statement = select(integrations).where(
            integrations.c.channel == channel, awaiting, integrations.c.removed_at.is_(None)
        )
        return [_integration(row) for row in self._connection.execute(statement.order_by(integrations.c.id.desc()))]

    def identities_before(self, row: IntegrationRow) -> dict[int, datetime | None]:
        """Give the removed integrations of the same store, each with the start of its last complete `new` read."""
        if row.store is None:
            return {}
        new = and_(searches.c.integration_id == integrations.c.id, searches.c.search == Search.NEW.value)
        statement = (
            select(integrations.c.id, searches.c.watermark)
            .join(searches, new, isouter=True)
            .where(
                integrations.c.channel == row.channel,
                integrations.c.store_key == row.store.key,
                integrations.c.removed_at.is_not(None),
                integrations.c.id != row.id,
            )
        )
        return {found.id: found.watermark for found in self._connection.execute(statement)}

    def _one(self, *conditions: Any) -> IntegrationRow | None:
        return self._first(select(integrations).where(*conditions))

    def _first(self, statement: Select[Any], values: dict[str, Any] | None = None) -> IntegrationRow | None:
        row = self._connection.execute(statement, values).first()
        return None if row is None else _integration(row)

    def find(self, *, removed: bool, before: int | None = None, limit: int | None = None) -> list[IntegrationRow]:
        """List those that are (or were) there, newest first."""
        gone = integrations.c.removed_at
        statement = select(integrations).where(gone.is_not(None) if removed else gone.is_(None))
        if before is not None:
            statement = statement.where(integrations.c.id < before)
        rows = self._connection.execute(statement.order_by(integrations.c.id.desc()).limit(limit))
        return [_integration(row) for row in rows]

    def change(self, integration_id: int, **values: Any) -> None:
        """Change some columns."""
        if "name" in values:
            values["name_key"] = name_key(values["name"])
        self._connection.execute(
            update(integrations).where(integrations.c.id == integration_id).values(**_texts(values))
        )

    def erase(self, integration_id: int) -> None:
        """Erase one that never was connected."""
        self._connection.execute(delete(integrations).where(integrations.c.id == integration_id))

    def lock(self, integration_id: int) -> IntegrationRow | None:
        """Give one as it is now, and keep others from changing it or its flows until the transaction ends.

        Its flows come first, as in the transactions of a run, so that no two wait for each other.
        """
        flows = select(flow_state.c.flow).where(flow_state.c.integration_id == integration_id)
        self._connection.execute(flows.order_by(flow_state.c.flow).with_for_update()).all()
        one = select(integrations).where(integrations.c.id == integration_id)
        # With key_share, rows that point to it can be written meanwhile.
        return self._first(one.with_for_update(key_share=True))

    def count_orders(self, integration_id: int) -> int:
        """Count the orders that were taken in through one."""
        statement = select(func.count()).select_from(orders).where(orders.c.integration_id == integration_id)
        return int(self._connection.execute(statement).scalar_one())

    def application(self, channel: str) -> str | None:
        """Give the hub's sealed application keys for a channel."""
        return self._connection.execute(_APPLICATION, {"of_channel": channel}).scalar_one_or_none()

    def set_application(self, channel: str, document: str, at: datetime) -> None:
        """Keep the hub's sealed application keys for a channel."""
        statement = upsert(self._connection, applications, ("channel",), ("document", "changed_at"))
        self._connection.execute(statement, {"channel": channel, "document": document, "changed_at": at})


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    """Turn what is kept as a document into text."""
    written = dict(values)
    if "settings" in written:
        written["settings"] = json.dumps(written["settings"])
    for name in ("rules", "store"):
        if isinstance(written.get(name), (Rules, StoreIdentity)):
            written[name] = written[name].model_dump_json()
    return written


def _integration(row: Row[Any]) -> IntegrationRow:
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to a mapping
    del values["name_key"], values["store_key"]
    values["connection"] = ConnectionState(row.connection)
    values["settings"] = json.loads(row.settings)
    values["rules"] = Rules.model_validate_json(row.rules)
    values["store"] = None if row.store is None else StoreIdentity.model_validate_json(row.store)
    return IntegrationRow(**values)
