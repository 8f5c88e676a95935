"""Telling channels what happened: each by itself, so that one that fails or hangs keeps nobody from hearing it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Literal

from hub_core.channels.channel import Channel
from hub_core.channels.dispatch import ask
from hub_core.domain.errors import HubError

Told = Literal["integration_changed"]
"""The hooks that tell."""

logger = logging.getLogger("hub_core.channels")


async def tell(channels: Iterable[Channel], hook: Told, *, deadline: float, **arguments: Any) -> None:
    """Call *hook* of each channel that brings it, within *deadline* seconds each; failures are logged, never raised."""
    for channel in channels:
        if channel.implements(hook):
            try:
                await ask(channel, hook, deadline=deadline, **arguments)
            except HubError as error:
                logger.warning("%s of '%s' failed, which changes nothing: %s", hook, channel.key, error)
