"""What every service works with."""

from __future__ import annotations

from dataclasses import dataclass

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.clock import Clock
from hub_core.storage.database import Database
from hub_core.storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that `Hub.open` has built."""

    database: Database
    channels: ChannelRegistry
    vault: Vault
    clock: Clock
    allow_private: bool
    public_url: str
