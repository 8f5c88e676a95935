"""What is to be known of integrations beside how their flows are doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hub_core.storage.fulfilments import FulfilmentRepository
from hub_core.storage.webhooks import WebhookRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub_core.storage.database import Database


class Beside(NamedTuple):
    """What does not keep an integration from its work.

    *webhook_problem* says why the store could not be asked for webhooks, *undecided* counts the parcels of which
    nobody knows whether the store was told.
    """

    webhook_problem: str | None = None
    undecided: int = 0


def besides(connection: Connection, database: Database, ids: Sequence[int]) -> dict[int, Beside]:
    """Read it for some integrations."""
    problems = WebhookRepository(connection, database).problems(ids)
    undecided = FulfilmentRepository(connection).undecided(ids)
    return {one: Beside(problems.get(one), undecided.get(one, 0)) for one in ids}
