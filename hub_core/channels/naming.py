"""Which store settings name, as a channel that can tell says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub_core.channels.blame import Blame, WrongAnswer
from hub_core.domain.errors import PluginError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hub_core.channels.channel import Channel


def store_named(channel: Channel, settings: BaseModel) -> str | None:
    """Give the key of the store that *settings* name; None where the channel cannot tell."""
    if channel.info.store_key is None:
        return None
    blame = Blame(channel.key, "store_key")
    try:
        return blame.call(_key, channel, settings)
    except PluginError:  # logged already
        return None


def _key(channel: Channel, settings: BaseModel) -> str:
    assert channel.info.store_key is not None  # noqa: S101 - asked by the caller
    key: Any = channel.info.store_key(settings)
    if not isinstance(key, str):
        raise WrongAnswer("it gave no text")
    return key
