"""Stopping an integration whose store does not let the hub in any more, as a platform tells."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub_core.domain.audit import NewAudit
from hub_core.domain.errors import AuthorizationError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import ConnectionState
from hub_core.domain.lifecycle import Move
from hub_core.services.auditing import of
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.services")


def lock_out(connection: Connection, parts: Parts, before: IntegrationRow, sentence: str) -> bool:
    """Close the flows of an integration and say why, once; not where it has other credentials than *before* by now."""
    row = IntegrationRepository(connection).lock(before.id)
    if row is None or not row.standing.allows(Move.LOCK_OUT) or row.credentials != before.credentials:
        return False
    now = parts.clock.now()
    FlowRepository(connection, parts.database).close(row.id)
    IntegrationRepository(connection).change(
        row.id,
        connection=ConnectionState.NEEDS_REAUTHORIZATION.value,
        problem_code=AuthorizationError.code,
        problem_sentence=sentence,
        problem_since=now,
    )
    kind = "integration.needs_reauthorization"
    event = NewEvent(type=kind, integration_id=row.id, data={"sentence": sentence})
    EventRepository(connection).record([event], now)
    old, new = {"connection": row.connection}, {"connection": ConnectionState.NEEDS_REAUTHORIZATION}
    AuditRepository(connection).record(NewAudit(kind, of(row), old, new), now)
    logger.warning("'%s' is stopped: %s", row.name, sentence)
    return True
