"""The last step of a removal, also of one whose process died: the credentials are destroyed."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from hub_core.domain.lifecycle import Move
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.removals import RemovalRepository
from hub_core.storage.webhooks import WebhookRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.services")

ABANDONED: Final = timedelta(seconds=20)
"""After which nobody is saying farewell any more: a removal that is not done then is finished by others."""


async def finish_removals(parts: Parts) -> None:
    """Destroy the credentials of those whose removal was begun by a process that is no more."""
    before = parts.clock.now() - ABANDONED
    for row in await parts.database.read(lambda connection: RemovalRepository(connection).abandoned(before)):
        logger.warning("The removal of '%s' is finished; whether its store heard of it is not known.", row.name)
        await parts.database.write(partial(destroy, parts=parts, row=row))


def destroy(connection: Connection, parts: Parts, row: IntegrationRow) -> None:
    """Destroy the credentials of a removed integration, with all that served to hear its store."""
    repository = IntegrationRepository(connection)
    fresh = repository.lock(row.id)
    if fresh is not None and fresh.standing.allows(Move.FORGET):
        repository.change(row.id, credentials=None)
        WebhookRepository(connection, parts.database).forget(row.id)
        RemovalRepository(connection).forget_hints(row.id)
