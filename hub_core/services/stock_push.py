"""Telling a store how many units of its listings it may sell."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from hub_core.channels.dispatch import stream
from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Sibling, StockChange, StockChanges
from hub_core.services.push_kind import PUSH_DEADLINE, Outcomes, Rule
from hub_core.services.push_rules import stock_wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub_core.domain.channels import ChannelInfo
    from hub_core.services.flow_run import FlowRun
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.push_rows import Due, OrderReads
    from hub_core.storage.pushes import PushRepository


class StockPush:
    """Stock: raises wait for the orders, and variants go with what their siblings have."""

    flow: ClassVar[Flow] = Flow.STOCK
    events: ClassVar[str] = "stock"

    def batch(self, info: ChannelInfo) -> int:
        """Tell how many listings a push may bear."""
        return info.stock_batch

    def rule(self, integration: IntegrationRow, reads: OrderReads) -> Rule:
        """Give the rule by which units that are due wait, or go."""
        del integration
        return partial(stock_wait, reads=reads)

    def changes(self, rows: PushRepository, going: Sequence[Due]) -> Sequence[StockChanges]:
        """Group the changes by parent, with the parent's other listings."""
        families: dict[str, list[Due]] = defaultdict(list)
        for due in going:
            if due.parent is not None:
                families[due.parent].append(due)
        siblings: dict[str, list[Sibling]] = defaultdict(list)
        for beside in rows.beside(families, [due.listing_id for due in going]) if families else ():
            siblings[beside.parent].append(Sibling(beside.external_id, _handle(beside.handle), beside.units))
        alone = [StockChanges(None, (_change(due),)) for due in going if due.parent is None]
        return alone + [
            StockChanges(parent, tuple(map(_change, members)), tuple(siblings[parent]))
            for parent, members in families.items()
        ]

    def push(self, run: FlowRun, changes: Sequence[StockChanges]) -> Outcomes:
        """Tell the store."""
        return stream(run.channel, "push_stock", deadline=PUSH_DEADLINE, store=run.store, changes=changes)


def _change(due: Due) -> StockChange:
    return StockChange(due.external_id, due.sku or "", due.target, _handle(due.handle))


def _handle(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)
