"""Noticing in the engine's stead that flows go late, while the engine's loop is held and cannot notice it itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import StorageError

if TYPE_CHECKING:
    from hub_core.engine.watchdog import Heartbeat
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.web")

EVERY_SECONDS: Final = 10.0
SILENCE: Final = 15.0
"""Seconds without a sign of the engine after which others take its process to be gone."""


class StandIn:
    """Looks after the flows, from the loop of the web, as long as the engine gives no sign."""

    def __init__(self, parts: Parts, heartbeat: Heartbeat) -> None:
        from hub_core.engine.noticing import Noticing  # noqa: PLC0415 - the start of the hub goes without it

        self._clock = parts.clock
        self._heartbeat = heartbeat
        self._noticing = Noticing(parts)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once, where the engine does not."""
        if self._heartbeat.silence() < SILENCE:
            return
        try:
            await self._noticing.look()
        except StorageError as error:
            logger.debug("Nobody could look for flows that are late: %s", error)
