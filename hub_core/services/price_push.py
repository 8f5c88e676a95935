"""Telling a store the regular prices of its listings, within the limits that the merchant has set."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import msgspec

from hub_core.channels.dispatch import stream
from hub_core.domain.integrations import Flow
from hub_core.domain.money import money
from hub_core.domain.pushes import PriceChange
from hub_core.services.push_kind import PUSH_DEADLINE, Outcomes, Rule
from hub_core.services.push_rules import price_wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub_core.domain.channels import ChannelInfo
    from hub_core.services.flow_run import FlowRun
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.push_rows import Due, OrderReads
    from hub_core.storage.pushes import PushRepository


class PricePush:
    """Prices: held where they lie beyond a limit or change by too much."""

    flow: ClassVar[Flow] = Flow.PRICES
    events: ClassVar[str] = "price"

    def batch(self, info: ChannelInfo) -> int:
        """Tell how many listings a push may bear."""
        return info.price_batch

    def rule(self, integration: IntegrationRow, reads: OrderReads) -> Rule:
        """Give the rule by which a price that is due waits, or goes."""
        del reads
        return partial(price_wait, rules=integration.rules)

    def changes(self, rows: PushRepository, going: Sequence[Due]) -> Sequence[PriceChange]:
        """Give the changes, each in its listing's currency."""
        del rows
        return [
            PriceChange(
                due.external_id,
                due.sku or "",
                money(due.target, due.currency or ""),
                due.parent,
                None if due.handle is None else msgspec.json.decode(due.handle),
            )
            for due in going
        ]

    def push(self, run: FlowRun, changes: Sequence[PriceChange]) -> Outcomes:
        """Tell the store."""
        return stream(run.channel, "push_prices", deadline=PUSH_DEADLINE, store=run.store, changes=changes)
