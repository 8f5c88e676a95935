"""The states of an integration and its legal moves."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.errors import ConflictError
from hub_core.domain.integrations import ConnectionState, Flow
from hub_core.domain.lifecycle import Move, Presence, Standing

MOVES = st.lists(st.sampled_from(Move), max_size=30)


def walked(moves: list[Move]) -> list[Standing]:
    """All standings on a way, of whose moves those that are not legal are refused."""
    way = [Standing()]
    for move in moves:
        if way[-1].allows(move):
            way.append(way[-1].after(move))
        else:
            with pytest.raises(ConflictError):
                way[-1].after(move)
    return way


@given(MOVES)
def test_a_way_leads_only_to_standings_that_make_sense(moves: list[Move]) -> None:
    for standing in walked(moves):
        assert standing.was_connected == (standing.connection is not ConnectionState.AWAITING_AUTHORIZATION)
        if standing.presence is not Presence.PRESENT:
            assert not standing.works
            assert not standing.enabled
        assert (standing.presence is Presence.ERASED) <= (not standing.was_connected)


@given(MOVES)
def test_nothing_leads_back_from_a_removal(moves: list[Move]) -> None:
    order = list(Presence)
    places = [order.index(standing.presence) for standing in walked(moves)]
    assert places == sorted(places)


@given(MOVES, st.sampled_from(Move))
def test_every_move_but_a_removal_made_twice_is_made_once(moves: list[Move], move: Move) -> None:
    last = walked(moves)[-1]
    if last.allows(move) and move not in (Move.REMOVE, Move.LOCK_OUT, Move.RESUME):
        assert not last.after(move).changes(move)


@given(MOVES, st.sampled_from(Flow), st.frozensets(st.sampled_from(Flow)))
def test_a_flow_runs_only_where_all_switches_are_on(moves: list[Move], flow: Flow, off: frozenset[Flow]) -> None:
    last = walked(moves)[-1]
    expected = last.enabled and last.connection is ConnectionState.CONNECTED and flow not in off
    assert last.runs(flow, off) == expected


def test_these_moves_are_legal_and_no_others() -> None:
    present = {Move.CONNECT, Move.ENABLE, Move.DISABLE, Move.REMOVE}
    more = {
        ConnectionState.AWAITING_AUTHORIZATION: set(),
        ConnectionState.CONNECTED: {Move.LOCK_OUT},
        ConnectionState.NEEDS_REAUTHORIZATION: {Move.RESUME},
    }
    for connection, presence, enabled in product(ConnectionState, Presence, (True, False)):
        legal = {move for move in Move if Standing(connection, enabled, presence).allows(move)}
        gone = {Move.FORGET} if presence in (Presence.LEAVING, Presence.GONE) else set()
        assert legal == (present | more[connection] if presence is Presence.PRESENT else gone)
