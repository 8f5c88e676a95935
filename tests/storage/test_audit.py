"""Who changed what, as rows."""

import asyncio

import pytest
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import DBAPIError

from hub_core import Hub
from hub_core.domain.acting import Actor, ActorKind, acting
from hub_core.domain.audit import NewAudit, Subject, difference
from hub_core.domain.errors import StorageError
from hub_core.storage.audit import AuditRepository
from hub_core.storage.tables import audit
from tests.hubs import NOW

CHANGE = NewAudit("integration.renamed", Subject("integration", 7, "North"), {"name": "South"}, {"name": "North"})


def note(connection: Connection) -> None:
    AuditRepository(connection).record(CHANGE, NOW)


async def test_a_row_says_who_changed_what_when_and_for_which_request(hub: Hub) -> None:
    with acting(Actor(ActorKind.TOKEN, "till", "r-9")):
        await hub.parts.database.write(note)
    (row,) = await hub.audit.page()
    assert row.model_dump(mode="json") == {
        "id": 1,
        "at": "2026-03-10T12:00:00Z",
        "actor": {"kind": "token", "name": "till"},
        "action": "integration.renamed",
        "subject": {"kind": "integration", "id": "7", "name": "North"},
        "before": {"name": "South"},
        "after": {"name": "North"},
        "request_id": "r-9",
    }


async def test_rows_are_numbered_without_gaps_and_given_after_a_number(hub: Hub) -> None:
    await asyncio.gather(*(hub.parts.database.write(note) for _ in range(8)))
    assert [row.id for row in await hub.audit.page()] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [row.id for row in await hub.audit.page(after=3, limit=2)] == [4, 5]
    assert await hub.audit.newest() == 8


@pytest.mark.parametrize("statement", [update(audit).values(actor="somebody"), delete(audit)], ids=["change", "delete"])
async def test_the_database_lets_nobody_change_or_delete_a_row(hub: Hub, statement: object) -> None:
    await hub.parts.database.write(note)
    with pytest.raises((StorageError, DBAPIError), match="only ever added to"):
        await hub.parts.database.write(lambda connection: connection.execute(statement))  # type: ignore[call-overload]
    assert len(await hub.audit.page()) == 1


async def test_what_is_not_committed_leaves_no_row(hub: Hub) -> None:
    def fail(connection: Connection) -> None:
        note(connection)
        raise KeyError

    with pytest.raises(KeyError):
        await hub.parts.database.write(fail)
    assert await hub.audit.page() == []


def test_a_difference_names_what_changed_only() -> None:
    assert difference({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ({"b": 2}, {"b": 3, "c": 4})
    assert difference({"a": 1}, {"a": 1}) == (None, None)
