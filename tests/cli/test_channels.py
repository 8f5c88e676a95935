"""`hub channels`."""

import pytest

from tests.cli.conftest import HubCommand


def test_the_installed_channels_are_listed_with_what_they_can_do_and_need(hub: HubCommand) -> None:
    ended = hub("channels")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "KEY      COMPANY   VERSION  CAN DO  NEEDS",
        "keyshop  Key Shop  7.8      -       shop",
        "toyshop  Toy Shop  7.8      orders  shop",
    ]


def test_a_faulty_plugin_is_named_with_the_reason_and_harms_no_other(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_CHANNELS", "keyshop,brokenshop")
    ended = hub("channels")
    assert ended.code == 0
    assert "keyshop" in ended.out
    assert "The channel 'brokenshop' of hub-channels-for-tests cannot be used: It cannot be imported" in ended.out
    assert ended.err == ""


def test_as_json_it_is_one_list_with_schemas_and_faults(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CHANNELS", "keyshop,brokenshop")
    keyshop, broken = hub("channels", "--json").json
    assert (keyshop["key"], keyshop["version"], keyshop["fault"]) == ("keyshop", "7.8", None)
    assert keyshop["credentials_schema"]["required"] == ["user", "password"]
    assert broken["key"] == "brokenshop"
    assert "cannot be imported" in broken["fault"]
