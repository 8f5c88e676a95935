"""What telling stock and telling prices have in common, and what each must say of itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Outcome
from hub_core.services.push_rules import Wait
from hub_core.storage.push_rows import Due

if TYPE_CHECKING:
    from hub_core.domain.channels import ChannelInfo
    from hub_core.services.flow_run import FlowRun
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.push_rows import OrderReads
    from hub_core.storage.pushes import PushRepository

Outcomes: TypeAlias = AsyncGenerator[Sequence[Outcome], None]
Rule: TypeAlias = Callable[[Due], Wait | None]
PUSH_DEADLINE = 600.0
"""Seconds until the next outcomes: the plugin waits for the rate budget and may send one listing after the other."""


class PushKind(Protocol):
    """One kind of figure that stores are told; *events* begins the names of its events."""

    flow: ClassVar[Flow]
    events: ClassVar[str]

    def batch(self, info: ChannelInfo) -> int:
        """Tell how many listings a push may bear."""

    def rule(self, integration: IntegrationRow, reads: OrderReads) -> Rule:
        """Give the rule by which a figure that is due waits, or goes."""

    def changes(self, rows: PushRepository, going: Sequence[Due]) -> Sequence[Any]:
        """Give the changes as the channel takes them."""

    def push(self, run: FlowRun, changes: Sequence[Any]) -> Outcomes:
        """Tell the store."""
