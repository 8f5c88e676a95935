"""`hub rejects`."""

from datetime import UTC, datetime, timedelta

import pytest

from hub_core.storage.chores import ChoreRepository
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop

NOW = datetime.now(UTC)


@pytest.fixture
def reject(hub: HubCommand, connected: Shop) -> int:
    """A reject of order 9: its number."""
    connected.put_raw("9", NOW - timedelta(hours=1), b'{"id": "9",\n"evil": "\x1b[2J"}')
    assert hub("sync").code == 0
    (one,) = hub("rejects", "--json").json
    return int(one["id"])


def test_rejects_are_listed_with_the_reason(hub: HubCommand, reject: int) -> None:
    ended = hub("rejects", "--integration", "Corner")
    heading, row = ended.out.splitlines()
    assert heading.split()[:3] == ["ID", "AT", "INTEGRATION"]
    assert "Corner" in row
    assert "not readable" in row


def test_one_is_shown_with_its_text_and_the_terminal_obeys_none_of_it(hub: HubCommand, reject: int) -> None:
    out = hub("rejects", "show", reject).out
    assert '{"id": "9",' in out
    assert "\x1b" not in out
    assert hub("rejects", "show", reject, "--json").json["external_id"] == "9"


def test_one_that_still_cannot_be_used_fails_with_the_reason(hub: HubCommand, reject: int) -> None:
    ended = hub("rejects", "retry", reject)
    assert (ended.code, ended.out) == (1, "")
    assert "It still cannot be used: " in ended.err


def test_one_that_can_be_used_now_becomes_an_order(
    hub: HubCommand, connected: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.put("9", NOW - timedelta(hours=1), status="unheard-of")
    hub("sync")
    (one,) = hub("rejects", "--json").json
    monkeypatch.setattr("tests.toyshop.channel.OrderStatus", lambda _: "open")
    ended = hub("rejects", "retry", one["id"])
    assert ended.code == 0, ended.err
    assert ended.out == "It can be used now; see it with: hub orders show 1\n"
    assert hub("rejects", "--json").json == []


def test_a_discarded_one_is_listed_only_among_all(hub: HubCommand, reject: int) -> None:
    assert hub("rejects", "discard", reject).out == f"Reject {reject} is discarded.\n"
    assert hub("rejects").err == "No rejects.\n"
    assert [one["state"] for one in hub("rejects", "--all", "--json").json] == ["discarded"]


def test_an_unknown_one_is_said_in_a_sentence(hub: HubCommand) -> None:
    for verb in ("show", "retry", "discard"):
        ended = hub("rejects", verb, 5)
        assert (ended.code, ended.out) == (1, "")
        assert "There is no reject 5" in ended.err


def test_of_one_whose_text_is_no_longer_kept_that_is_said(
    hub: HubCommand, reject: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub("rejects", "discard", reject)
    monkeypatch.setattr("hub_core.services.retention.TEXTS_KEPT", timedelta(0))
    for asked in ("is_due", "claim"):
        monkeypatch.setattr(ChoreRepository, asked, lambda *_: True)
    assert '{"id": "9",' in hub("rejects", "show", reject).out
    hub("sync")
    assert hub("rejects", "show", reject).out.endswith(
        "\nThe text that the store sent is no longer kept: that of settled and discarded data goes after 90 days.\n"
    )
