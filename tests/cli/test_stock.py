"""`hub stock` and what changes and explains levels."""

import pytest

from tests.cli.conftest import HubCommand


@pytest.fixture
def five(hub: HubCommand) -> None:
    """Five units of A."""
    assert hub("stock", "set", "A", "5").code == 0


def test_a_level_is_set_and_listed(hub: HubCommand) -> None:
    ended = hub("stock", "set", " A ", "5")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "A: 5 available. No store lists it yet.\n"
    heading, row = hub("stock").out.splitlines()
    assert heading.split() == ["SKU", "AVAILABLE", "LEVEL", "SET"]
    assert row.split()[:3] == ["A", "5", "5"]


def test_as_json_it_says_what_changed(hub: HubCommand) -> None:
    assert hub("stock", "set", "A", "2.5", "--json").json == {"changed": 1, "unchanged": 0, "event": 1}
    (level,) = hub("stock", "--json").json
    assert (level["sku"], level["available"], level["level"]) == ("A", "2.5", "2.5")


def test_the_same_level_changes_nothing(hub: HubCommand, five: None) -> None:
    assert hub("stock", "set", "A", "5.0").out == "A: 5 are available as before; nothing was changed.\n"


@pytest.mark.parametrize(("by", "available"), [("-3", "2"), ("+1.5", "6.5"), ("-8", "-3"), ("2", "7")])
def test_an_adjustment_may_be_negative(hub: HubCommand, five: None, by: str, available: str) -> None:
    ended = hub("stock", "adjust", "A", by)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"A: {available} available, before that 5.")
    assert hub("stock", "--json").json[0]["available"] == available


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "A", "-1"), "is below zero"),
        (("set", "A", "x"), "is no number"),
        (("set", "A", "1.2345"), "more than three decimal places"),
        (("set", "  ", "1"), "A SKU is empty"),
        (("set", "A", "1", "--after-event", "99"), "There is no event 99: the newest is 2"),
        (("set", "A", "1", "--after-event", "0"), "was set meanwhile"),
        (("adjust", "B", "-3"), "Nobody has set how much there is of 'B'"),
        (("explain", "B"), "Neither the hub nor a store knows 'B'"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    hub: HubCommand, five: None, arguments: tuple[str, ...], said: str
) -> None:
    hub("stock", "set", "A", "6", "--after-event", "1")
    ended = hub("stock", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
    assert hub("stock", "--json").json[0]["available"] == "6"


def test_an_option_that_does_not_exist_is_wrong_usage(hub: HubCommand) -> None:
    assert hub("stock", "set", "A", "5", "--jsn").code == 2
    assert hub("stock", "--json").json == []


def test_what_was_sold_after_an_event_is_taken_off(hub: HubCommand, five: None) -> None:
    hub("stock", "adjust", "A", "-2")
    assert hub("stock", "set", "A", "10", "--after-event", "1").out.startswith("A: 8 available, before that 3.")


def test_options_choose_among_them(hub: HubCommand, five: None) -> None:
    hub("stock", "set", "BA", "1")
    hub("stock", "set", "C%", "1")
    assert [level["sku"] for level in hub("stock", "--sku", "A", "--json").json] == ["A", "BA"]
    assert [level["sku"] for level in hub("stock", "--sku", "%", "--json").json] == ["C%"]
    assert [level["sku"] for level in hub("stock", "--limit", "2", "--json").json] == ["A", "BA"]


def test_without_levels_it_says_how_to_set_one(hub: HubCommand) -> None:
    ended = hub("stock")
    assert (ended.code, ended.out) == (0, "")
    assert "hub stock set SKU N" in ended.err


def test_a_sku_cannot_steer_the_terminal(hub: HubCommand) -> None:
    assert "\x1b" not in hub("stock", "set", "\x1b[2J", "5").out + hub("stock").out


def test_the_reckoning_is_explained_line_by_line(hub: HubCommand, five: None) -> None:
    hub("stock", "adjust", "A", "-2")
    told = hub("stock", "explain", "A").out.splitlines()
    assert told[0].startswith("5 were set on ")
    assert told[1].startswith("-2 adjusted by hand")
    assert told[-2:] == ["3 are available.", "No store lists A."]
    explained = hub("stock", "explain", "A", "--json").json
    assert (explained["available"], explained["sentences"]) == ("3", told)
