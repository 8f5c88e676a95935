"""Ending what a store promised to tell."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hub_core.channels.dispatch import ask
from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from hub_core.channels.channel import Channel
    from hub_core.channels.store import Store
    from hub_core.domain.webhooks import Subscription
    from hub_core.storage.integrations import IntegrationRow

logger = logging.getLogger("hub_core.services")

DEADLINE: Final = 5.0
_HOOK: Final = "unsubscribe_webhooks"


async def unsubscribe(channel: Channel, row: IntegrationRow, store: Store, subscription: Subscription) -> None:
    """End a subscription, if the channel can; a failure is logged, and the store may go on telling in vain."""
    if not channel.implements(_HOOK):
        return
    try:
        await ask(channel, _HOOK, deadline=DEADLINE, store=store, subscription=subscription)
    except HubError as error:
        logger.warning("Webhooks of '%s' could not be ended; delete them in the store: %s", row.name, error)
