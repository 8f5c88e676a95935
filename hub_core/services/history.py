"""How far an integration's first reads have come, and what therefore counts as history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.history import HistoryRule, Sight
from hub_core.domain.polls import POLL_OF, Search

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub_core.domain.polls import Poll
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.searches import SearchState

_CONNECTING = (Search.BACKFILL, Search.OPEN)


def sight_of(searches: Mapping[Search, SearchState], offered: Collection[Poll], search: Search | None = None) -> Sight:
    """Tell how something counts that is first seen now: by *search*, or because somebody asked for it alone."""
    if search is Search.BASELINE:
        return Sight.BASELINE
    first_reads = [searches[one] for one in _CONNECTING if POLL_OF[one] in offered and one in searches]
    return Sight.LATER if all(read.completed_at for read in first_reads) else Sight.CONNECTING


def history_rule(integration: IntegrationRow, searches: Mapping[Search, SearchState]) -> HistoryRule:
    """Give the rule for an integration."""
    baseline = searches.get(Search.BASELINE)
    began = None if baseline is None else baseline.watermark or baseline.began_at
    return HistoryRule(integration.rules.reaches_back_to(integration.created_at), began)
