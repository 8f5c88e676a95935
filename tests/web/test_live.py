"""Events through the API as they happen."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from hub_core.domain.errors import StorageError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from hub_core.storage.events import EventRepository
from hub_core.testing.clock import VirtualClock
from hub_core.web import create_app
from tests.hubs import NOW
from tests.web.listener import Listener

Listen = Callable[..., Listener]


@pytest.fixture
def app(hub: Hub) -> FastAPI:
    return create_app(hub)


@pytest.fixture
async def listen(hub: Hub, app: FastAPI) -> Listen:
    token = (await hub.tokens.create("listener")).token
    return lambda headers=None, **query: Listener(app, token, headers, **query)


async def until_silent(hub: Hub) -> None:
    """Wait until all that happened so far has been sent: then both the stream and its heartbeat sleep."""
    assert isinstance(hub.parts.clock, VirtualClock)
    await hub.parts.clock.asleep(2)


async def wait(hub: Hub, seconds: float) -> None:
    assert isinstance(hub.parts.clock, VirtualClock)
    hub.parts.clock.advance(seconds)
    await until_silent(hub)


async def test_what_happened_is_told_in_order_and_then_what_happens(
    hub: Hub, listen: Listen, connected: Integration
) -> None:
    async with listen() as listener:
        await until_silent(hub)
        assert listener.ids == [1, 2]
        await hub.integrations.rename(connected.id, "Marlow's")
        await wait(hub, 0.5)
    assert listener.status == 200
    assert listener.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "content-length" not in listener.headers
    assert listener.ids == [1, 2, 3]
    assert listener.told[2]["event"] == "integration.renamed"
    assert listener.told[2]["data"] == (await hub.events.after(2))[0].model_dump(mode="json")


async def test_each_event_is_one_line_whatever_it_holds(hub: Hub, listen: Listen) -> None:
    event = NewEvent(type="order.created", data={"number": "a\n\nid: 7\r\u2028"})
    await hub.parts.database.write(lambda connection: EventRepository(connection).record([event], NOW))
    async with listen() as listener:
        await until_silent(hub)
    assert [one["data"]["data"] for one in listener.told] == [event.data]


@pytest.mark.parametrize(
    ("headers", "query"),
    [({"Last-Event-ID": "5"}, {}), ({}, {"after": 5}), ({"Last-Event-ID": "5"}, {"after": 1})],
)
async def test_whoever_comes_back_misses_nothing_and_gets_nothing_twice(
    *, headers: dict[str, str], query: dict[str, Any], hub: Hub, listen: Listen, stocked: Integration
) -> None:
    later = [event.id for event in await hub.events.after(5)]
    assert later
    async with listen(headers, **query) as listener:
        await until_silent(hub)
    assert listener.ids == later


async def test_many_events_are_all_told(hub: Hub, listen: Listen) -> None:
    new = [NewEvent(type="order.updated", order_id=number) for number in range(450)]
    await hub.parts.database.write(lambda connection: EventRepository(connection).record(new, NOW))
    async with listen(limit=1) as listener:
        await until_silent(hub)
    assert listener.ids == list(range(1, 451))


@pytest.mark.parametrize(
    "query",
    [{"type": "order.created"}, {"integration": "Marlow"}, {"integration": "Other"}, {"history": "false"}],
)
async def test_filters_leave_out_of_the_stream_what_they_leave_out_of_the_list(
    *, query: dict[str, str], hub: Hub, listen: Listen, api: httpx.AsyncClient, stocked: Integration
) -> None:
    await hub.integrations.add("toyshop", name="Other", settings={"shop": "other"})
    again = [
        NewEvent(type="order.created", data={"same_as": 1}),
        NewEvent(type="order.created", data={"same_as": None}),
    ]
    await hub.parts.database.write(lambda connection: EventRepository(connection).record(again, NOW))
    everything = [event.id for event in await hub.events.after(limit=100)]
    listed = [event["id"] for event in (await api.get("/events", params=query)).json()["items"]]
    assert 0 < len(listed) < len(everything)
    async with listen(**query) as listener:
        await until_silent(hub)
    assert listener.ids == listed


async def test_a_silent_stream_gives_a_sign_of_life_every_15_seconds(hub: Hub, listen: Listen) -> None:
    async with listen() as listener:
        await until_silent(hub)
        await wait(hub, 14.9)
        assert ": " not in listener.text.replace("retry: ", "")
        await wait(hub, 0.2)
        await wait(hub, 15)
    assert listener.text.count(": the hub is there\n\n") == 2


async def test_it_ends_when_the_listener_goes_away(hub: Hub, listen: Listen) -> None:
    async with listen() as listener:
        await until_silent(hub)
        listener.leave()
        await listener.ended()


async def test_it_ends_when_the_server_is_to_stop(hub: Hub, app: FastAPI, listen: Listen) -> None:
    async with listen() as listener:
        await until_silent(hub)
        assert not listener.whole
        app.state.closing.set()
        await listener.ended()
    assert listener.whole


async def test_one_who_does_not_read_holds_nothing_up(
    hub: Hub, app: FastAPI, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub_core.web.live.LAST_WORD", 0)
    async with listen() as listener:
        await until_silent(hub)
        listener.stalled = True
        app.state.closing.set()
        await listener.ended()
    assert not listener.whole


async def test_it_ends_when_the_token_is_revoked(hub: Hub, listen: Listen) -> None:
    async with listen() as listener:
        await until_silent(hub)
        await hub.tokens.revoke("listener")
        assert isinstance(hub.parts.clock, VirtualClock)
        hub.parts.clock.advance(15)
        await listener.ended()
    assert listener.whole


async def test_a_database_that_does_not_answer_ends_it_with_a_line_in_the_log(
    hub: Hub, listen: Listen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with listen() as listener:
        await until_silent(hub)

        async def fail(*given: object, **named: object) -> None:
            raise StorageError("The disk is full.")

        monkeypatch.setattr(hub.events, "after", fail)
        assert isinstance(hub.parts.clock, VirtualClock)
        hub.parts.clock.advance(0.5)
        await listener.ended()
    assert listener.whole
    assert [one.message for one in caplog.records if one.levelno == logging.WARNING] == [
        "A stream of events ended: The disk is full."
    ]


async def test_a_mistake_of_the_hub_is_not_hushed_up(
    hub: Hub, listen: Listen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*given: object, **named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(hub.events, "after", fail)
    async with listen() as listener:
        with pytest.raises(ZeroDivisionError):
            await listener.ended()
    assert "GET /api/v1/events failed" in caplog.text


@pytest.mark.parametrize("number", ["-1", "x", "9223372036854775808"])
async def test_a_last_event_that_cannot_be_is_refused(listen: Listen, number: str) -> None:
    async with listen({"Last-Event-ID": number}) as listener:
        await listener.ended()
    assert listener.status == 422
    assert "Last-Event-ID" in listener.text


async def test_a_filter_that_is_unknown_is_refused(listen: Listen) -> None:
    async with listen(colour="red") as listener:
        await listener.ended()
    assert listener.status == 422


async def test_nobody_listens_without_a_token(listen: Listen) -> None:
    async with listen({"authorization": "Bearer guessed"}) as listener:
        await listener.ended()
    assert (listener.status, listener.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/json, text/event-stream", "application/json;q=1,text/event-stream"],
)
async def test_whoever_does_not_ask_for_a_stream_gets_the_list(api: httpx.AsyncClient, accept: str) -> None:
    answer = await api.get("/events", headers={"Accept": accept})
    assert answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("accept", ["Text/Event-Stream;q=0.9, */*", "text/event-stream, application/json"])
async def test_a_stream_can_be_the_first_choice_of_several(hub: Hub, listen: Listen, accept: str) -> None:
    async with listen({"accept": accept}) as listener:
        await until_silent(hub)
    assert listener.headers["content-type"].startswith("text/event-stream")


async def test_a_stream_goes_on_from_a_page_of_the_list(
    hub: Hub, listen: Listen, api: httpx.AsyncClient, stocked: Integration
) -> None:
    cursor = (await api.get("/events", params={"limit": 3})).json()["next_cursor"]
    async with listen(cursor=cursor) as listener:
        await until_silent(hub)
    assert listener.ids == [event.id for event in await hub.events.after(3)]
