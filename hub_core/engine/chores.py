"""What is to be done beside the flows, by any one of the processes: it is asked for once in a while."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import HubError
from hub_core.engine.grumbling import Grumbling
from hub_core.engine.noticing import Noticing
from hub_core.services.clock_set_back import heed_clock
from hub_core.services.erasing import Erasing
from hub_core.services.finishing import finish_removals
from hub_core.services.retention import Retention
from hub_core.services.webhooks import Webhooks

if TYPE_CHECKING:
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

EVERY_SECONDS: Final = 2.0


class Chores:
    """Does them until it is cancelled; one that fails keeps neither the others nor the next time from being done."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._webhooks = Webhooks(parts)
        self._erasing = Erasing(parts)
        self._retention = Retention(parts)
        self._noticing = Noticing(parts)
        self._waits = Grumbling("Something beside the flows waits: %s")

    async def run(self) -> None:
        """Do them again and again."""
        while True:
            await self.tend()
            await self._parts.clock.sleep(EVERY_SECONDS)

    async def tend(self) -> None:
        """Do them once."""
        work = (
            finish_removals(self._parts),
            self._webhooks.keep_subscribed(),
            self._erasing.erase_due(),
            self._noticing.look_once_in_a_while(),
            self._retention.drop_some(),
            heed_clock(self._parts),
        )
        outcomes = await asyncio.gather(*work, return_exceptions=True)
        self._waits.of([outcome for outcome in outcomes if isinstance(outcome, HubError)])
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, HubError):
                logger.error("Something beside the flows failed; it is tried again.", exc_info=outcome)
