"""Whether a store answered, and what follows for all flows of its integration."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hub_core.domain.errors import BudgetError, ChannelError, NotReadyError, PluginError, UnavailableError
from hub_core.engine.backoff import after_failure
from hub_core.storage.outages import OutageRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.slices import Slice
    from hub_core.storage.database import Database
    from hub_core.storage.flows import Lease


class Answer(Enum):
    """What a stretch of work showed of the store."""

    CAME = "it answers"
    NONE = "it is away"
    UNASKED = "nobody knows"


def answer_of(error: BaseException | None, piece: Slice) -> Answer:
    """Tell whether the store answered in a stretch of work that ended with *error*."""
    limits = isinstance(error, (BudgetError, NotReadyError))
    if isinstance(error, UnavailableError) and not limits:
        return Answer.NONE
    told = isinstance(error, (NotReadyError, ChannelError)) and not isinstance(error, (BudgetError, PluginError))
    return Answer.CAME if error is None or piece.pages or told else Answer.UNASKED


def note(connection: Connection, database: Database, lease: Lease, answer: Answer, retry_after: float | None) -> None:
    """Write down that a store is away or back; the transaction has the flow's row."""
    outages, tried = OutageRepository(connection), lease.outage
    if answer is Answer.NONE:
        wait = after_failure(tried or 0, retry_after)
        if tried is None:
            outages.begin(lease.integration_id, database.now_sql(), database.now_sql(wait))
        else:
            outages.go_on(lease.integration_id, tried + 1, database.now_sql(wait))
    elif tried is not None and answer is Answer.CAME:
        outages.end(lease.integration_id, database.now_sql())
    elif tried is not None:
        outages.go_on(lease.integration_id, None, database.now_sql())
