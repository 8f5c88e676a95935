"""Where each search for orders stands: its watermark, its window, its cursor."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, insert, literal, select, update

from hub_core.domain.fact import Fact
from hub_core.domain.polls import ONCE, SWEEP_INTERVAL, Search, Window
from hub_core.domain.turns import next_turn
from hub_core.storage.tables import searches
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

_FOR_ORDERS = [search.value for search in Search]

# What every poll or page asks is made once: that takes longer than the database needs for it.
_ALL = select(searches).where(
    searches.c.integration_id == bindparam("of_integration"), searches.c.search.in_(_FOR_ORDERS)
)
_ONE = update(searches).where(
    searches.c.integration_id == bindparam("of_integration"), searches.c.search == bindparam("of_search")
)
_BEGAN = bindparam("began", type_=UtcDateTime)
_BEGIN = _ONE.values(
    began_at=_BEGAN,
    due_at=case((searches.c.due_at > _BEGAN, _BEGAN), else_=searches.c.due_at),
    window_start=bindparam("start"),
    window_end=bindparam("end"),
    cursor=None,
)
_COMPLETE = _ONE.values(
    watermark=_BEGAN,
    read_from=bindparam("start"),
    completed_at=bindparam("now"),
    due_at=case((searches.c.due_at > _BEGAN, searches.c.due_at), else_=bindparam("due", type_=UtcDateTime)),
    began_at=None,
    window_start=None,
    window_end=None,
    cursor=None,
)


class SearchState(Fact):
    """One search of an integration. While *began_at* is set, its window is being read and *cursor* says how far.

    *completed_at* tells when a whole window was read last; *watermark*, when that read had begun; *read_from*, where
    its window started.
    """

    search: Search
    due_at: datetime
    watermark: datetime | None = None
    began_at: datetime | None = None
    window: Window = Window()
    cursor: Any = None
    completed_at: datetime | None = None
    read_from: datetime | None = None


class SearchRepository:
    """Searches as rows."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def start(self, integration_id: int, watermarks: Mapping[Search, datetime | None], due_at: datetime) -> None:
        """Add the searches of an integration that is connected for the first time."""
        rows = [
            {"integration_id": integration_id, "search": search.value, "due_at": due_at, "watermark": watermark}
            for search, watermark in watermarks.items()
        ]
        self._connection.execute(insert(searches), rows)

    def of(self, integration_id: int) -> dict[Search, SearchState]:
        """Give all searches of an integration for orders."""
        rows = self._connection.execute(_ALL, {"of_integration": integration_id})
        return {
            Search(row.search): SearchState(
                search=Search(row.search),
                due_at=row.due_at,
                watermark=row.watermark,
                began_at=row.began_at,
                window=Window(start=row.window_start, end=row.window_end),
                cursor=None if row.cursor is None else json.loads(row.cursor),
                completed_at=row.completed_at,
                read_from=row.read_from,
            )
            for row in rows
        }

    def begin(self, integration_id: int, search: Search, window: Window, at: datetime) -> None:
        """Note which window is read from now on, which may be a little before it is due."""
        values = {"began": at, "start": window.start, "end": window.end}
        self._connection.execute(_BEGIN, {"of_integration": integration_id, "of_search": search.value, **values})

    def advance(self, integration_id: int, search: Search, cursor: Any) -> None:
        """Note how far the window has been read."""
        place = {"of_integration": integration_id, "of_search": search.value, "cursor": json.dumps(cursor)}
        self._connection.execute(_ONE, place)

    def complete(self, integration_id: int, state: SearchState, at: datetime, due_at: datetime) -> None:
        """Note that the window was read to its end; now, not before, the watermark moves."""
        values = {"began": state.began_at, "start": state.window.start, "now": at, "due": due_at}
        self._connection.execute(
            _COMPLETE, {"of_integration": integration_id, "of_search": state.search.value, **values}
        )

    def start_from(self, integration_id: int, baseline: SearchState, began_at: datetime, interval: timedelta) -> None:
        """Let the repeated searches start from when the *baseline* began, which is a read of new orders itself."""
        sweep_at = next_turn(began_at, SWEEP_INTERVAL, integration_id)
        due_at = case(
            (searches.c.search == Search.SWEEP.value, literal(sweep_at, UtcDateTime)),
            else_=_asked_since(began_at, next_turn(began_at, interval, integration_id)),
        )
        repeated = [search.value for search in Search if search not in ONCE]
        self._connection.execute(
            update(searches)
            .where(searches.c.integration_id == integration_id, searches.c.search.in_(repeated))
            .values(watermark=began_at, due_at=due_at, read_from=baseline.window.start)
        )

    def make_due(
        self,
        integration_id: int,
        now: ColumnElement[datetime],
        asked: Sequence[Search] = (Search.NEW, Search.CHANGED),
    ) -> None:
        """Make searches due, by default those that find what is new and what has changed, also while they are read."""
        self._connection.execute(
            update(searches)
            .where(searches.c.integration_id == integration_id, searches.c.search.in_([one.value for one in asked]))
            .values(due_at=now)
        )


def _asked_since(began_at: datetime, due_at: datetime) -> ColumnElement[datetime]:
    """Give *due_at*, or the earlier moment at which somebody asked for another read after this one had begun."""
    regular = literal(due_at, UtcDateTime)
    return case((searches.c.due_at > literal(began_at, UtcDateTime), searches.c.due_at), else_=regular)
