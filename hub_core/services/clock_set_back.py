"""The clock was set back: what was planned by a later time is planned anew."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub_core.storage.set_back import is_ahead, plan_anew

if TYPE_CHECKING:
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.services")


async def heed_clock(parts: Parts) -> None:
    """Look whether anything was planned in the future, and let nothing stand still until that comes."""
    database = parts.database
    if await database.read(lambda connection: is_ahead(connection, database)):
        flows = await database.write(lambda connection: plan_anew(connection, database))
        logger.warning("The clock was set back; %d flows that were planned by it are due now.", flows)
