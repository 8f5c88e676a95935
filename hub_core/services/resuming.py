"""Letting an integration work again once what stopped it is over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub_core.domain.errors import VaultError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import ConnectionState
from hub_core.domain.lifecycle import Move
from hub_core.services.opening import open_flows
from hub_core.storage.events import EventRepository
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.seals import SealRepository, of_application, of_integration

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.services")


def resume(connection: Connection, parts: Parts, before: IntegrationRow) -> bool:
    """Connect an integration again whose credentials, as they were *before*, are good after all; tell whether it was.

    It is not where it works already, was removed, or has other credentials by now.
    """
    row = IntegrationRepository(connection).lock(before.id)
    if row is None or not row.standing.allows(Move.RESUME) or row.credentials != before.credentials:
        return False
    if row.standing.after(Move.RESUME).works:
        open_flows(connection, parts, row)
    connected = {"connection": ConnectionState.CONNECTED.value}
    no_problem = dict.fromkeys(("problem_code", "problem_sentence", "problem_since"))
    IntegrationRepository(connection).change(row.id, **connected, **no_problem)
    store = row.store.name if row.store else ""
    event = NewEvent(type="integration.resumed", integration_id=row.id, data={"name": row.name, "store": store})
    EventRepository(connection).record([event], parts.clock.now())
    return True


def resume_readable(parts: Parts) -> None:
    """Connect those again that were stopped for want of a key which is at hand now, once when the hub is opened."""

    def stopped(connection: Connection) -> list[IntegrationRow | None]:
        ids = SealRepository(connection).stopped(VaultError.code)
        return [IntegrationRepository(connection).get(one) for one in ids]

    for row in parts.database.read_now(stopped):
        if row is not None and _can_be_read(parts, row) and _resumed(parts, row):
            logger.warning("'%s' works again: the key of its credentials is back.", row.name)


def _resumed(parts: Parts, row: IntegrationRow) -> bool:
    return parts.database.write_now(lambda connection: resume(connection, parts, row))


def _can_be_read(parts: Parts, row: IntegrationRow) -> bool:
    application = parts.database.read_now(lambda connection: IntegrationRepository(connection).application(row.channel))
    try:
        if application is not None:
            parts.vault.decrypt(application, of_application(row.channel))
        parts.vault.decrypt(row.credentials or "", of_integration(row.id))
    except VaultError:
        return False
    return True
