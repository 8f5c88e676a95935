"""How far an integration's first reads have come, and what therefore counts as history."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hub_core.domain.history import CompleteRead, HistoryRule, Sight
from hub_core.domain.polls import OVERLAP, POLL_OF, Search
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from hub_core.domain.polls import Poll
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow
    from hub_core.storage.searches import SearchState

_CONNECTING = (Search.BACKFILL, Search.OPEN)


class Earlier(NamedTuple):
    """The earlier identities of a store that is connected anew; they had not read what is dated *unseen_since*."""

    ids: tuple[int, ...] = ()
    unseen_since: datetime | None = None


class Seen(NamedTuple):
    """When something is seen, and the rule by which that makes it history or not.

    *earlier* are the integrations that held the same store before; *last_read* is the read of new orders before this.
    """

    sight: Sight
    rule: HistoryRule
    earlier: tuple[int, ...] = ()
    last_read: CompleteRead | None = None


class Sights:
    """Tells how orders count that are seen now."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._earlier: dict[int, Earlier] = {}

    async def seen(
        self,
        integration: IntegrationRow,
        searches: Mapping[Search, SearchState],
        offered: Collection[Poll],
        search: Search | None = None,
    ) -> Seen:
        """Tell how something counts that *search* finds now, or that somebody has asked for alone."""
        earlier = await self._before(integration)
        rule = history_rule(integration, searches, earlier.unseen_since)
        return Seen(sight_of(searches, offered, search), rule, earlier.ids, last_read(searches))

    async def seen_alone(self, integration: IntegrationRow, offered: Collection[Poll]) -> Seen:
        """Tell how something counts that somebody asks for alone now."""
        searches = await self._parts.database.read(lambda connection: SearchRepository(connection).of(integration.id))
        return await self.seen(integration, searches, offered)

    async def _before(self, integration: IntegrationRow) -> Earlier:
        """Look once for earlier identities: while this one is connected, none can be added."""
        if integration.id not in self._earlier:
            found = await self._parts.database.read(
                lambda connection: IntegrationRepository(connection).identities_before(integration)
            )
            watermarks = [watermark for watermark in found.values() if watermark is not None]
            unseen_since = max(watermarks) - OVERLAP[Search.NEW] if watermarks else None
            self._earlier[integration.id] = Earlier(tuple(found), unseen_since)
        return self._earlier[integration.id]


def sight_of(searches: Mapping[Search, SearchState], offered: Collection[Poll], search: Search | None = None) -> Sight:
    """Tell how something counts that is first seen now: by *search*, or because somebody asked for it alone."""
    if search is Search.BASELINE:
        return Sight.BASELINE
    first_reads = [searches[one] for one in _CONNECTING if POLL_OF[one] in offered and one in searches]
    return Sight.LATER if all(read.completed_at for read in first_reads) else Sight.CONNECTING


def history_rule(
    integration: IntegrationRow, searches: Mapping[Search, SearchState], unseen_since: datetime | None
) -> HistoryRule:
    """Give the rule for an integration."""
    baseline = searches.get(Search.BASELINE)
    began = None if baseline is None else baseline.watermark or baseline.began_at
    return HistoryRule(integration.rules.reaches_back_to(integration.created_at), began, unseen_since)


def last_read(searches: Mapping[Search, SearchState]) -> CompleteRead | None:
    """Give the last read of new orders that came to its end, None where there is none."""
    new = searches.get(Search.NEW)
    if new is None or new.watermark is None or new.read_from is None:
        return None
    return CompleteRead(new.watermark, new.read_from)
