"""`hub integrations`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub_core.cli import fields
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop

ADD = ("integrations", "add", "keyshop", "--name", "My cave", "--set", "shop=rock")


def test_an_empty_list_says_how_to_add_one(hub: HubCommand) -> None:
    ended = hub("integrations")
    assert (ended.code, ended.out) == (0, "")
    assert "hub integrations add" in ended.err
    assert hub("integrations", "--json").json == []


def test_with_a_credentials_file_it_is_added_and_connected(hub: HubCommand, password: Path) -> None:
    ended = hub(*ADD, "--rule", "order_interval=30", "--credentials-file", password, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["connection"] == "connected"
    assert ended.json["settings"]["shop"] == "rock"
    assert ended.json["rules"]["order_interval"] == 30
    assert "sesame" not in ended.out


def test_a_credentials_file_that_others_may_read_is_warned_of(hub: HubCommand, password: Path) -> None:
    password.chmod(0o640)
    ended = hub(*ADD, "--credentials-file", password)
    assert ended.code == 0
    assert f"chmod 600 {password}" in ended.err


def test_refused_credentials_leave_nothing_behind(hub: HubCommand, password: Path) -> None:
    password.write_text('{"user": "ali", "password": "please"}')
    ended = hub(*ADD, "--credentials-file", password)
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err == "'My cave' was not added:\nThe door stays shut; say the right password.\n"
    assert hub("integrations", "--json").json == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "must hold a JSON object"),
        ("\ud800", "no UTF-8 text"),
        ("{}", "user: is missing"),
    ],
)
def test_a_file_that_holds_no_credentials_adds_nothing(
    hub: HubCommand, password: Path, content: str, reason: str
) -> None:
    password.write_bytes(content.encode(errors="surrogatepass"))
    ended = hub(*ADD, "--credentials-file", password)
    assert ended.code == 1
    assert reason in ended.err
    assert hub("integrations", "--json").json == []


def test_a_missing_credentials_file_is_said_in_a_sentence(hub: HubCommand, tmp_path: Path) -> None:
    ended = hub(*ADD, "--credentials-file", tmp_path / "none.json")
    assert (ended.code, ended.out) == (1, "")
    assert (
        ended.err
        == f"The file {tmp_path / 'none.json'} cannot be read (No such file or directory); name one that can.\n"
    )


def test_without_a_file_and_a_terminal_it_says_which_command_goes_on(hub: HubCommand, password: Path) -> None:
    ended = hub(*ADD)
    assert ended.code == 0
    assert "1. Ring the bell." in ended.err
    assert "hub integrations reauthorise 'My cave' --credentials-file FILE" in ended.err
    assert hub("integrations", "show", "My cave", "--json").json["connection"] == "awaiting_authorization"
    assert hub("integrations", "reauthorise", "My cave", "--credentials-file", password).code == 0
    assert hub("integrations", "show", "My cave", "--json").json["connection"] == "connected"


def test_a_redirect_names_the_address_to_open(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSHOP_REDIRECTS_TO", "https://cave.example/enter")
    ended = hub(*ADD)
    assert ended.code == 0
    assert "Open https://cave.example/enter" in ended.err


def test_on_a_terminal_the_credentials_are_asked_for(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"User": "ali", "Password": "sesame"}
    hidden = []

    def prompt(title: str, **options: object) -> str:
        if options["hide_input"]:
            hidden.append(title)
        return answers[title]

    monkeypatch.setattr(fields, "can_ask", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    ended = hub(*ADD)
    assert ended.code == 0
    assert hidden == ["Password"]
    assert hub("integrations", "show", "My cave", "--json").json["connection"] == "connected"


def test_a_wrong_answer_on_the_terminal_says_how_to_try_again(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "can_ask", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "wrong")
    ended = hub(*ADD)
    assert ended.code == 1
    assert "To try again: hub integrations reauthorise 'My cave'" in ended.err


def test_the_list_shows_how_each_is_doing(hub: HubCommand, connected: Shop) -> None:
    heading, row = hub("integrations").out.splitlines()
    assert heading.split() == [
        "ID",
        "NAME",
        "COMPANY",
        "ENABLED",
        "CONNECTION",
        "LAST",
        "SYNC",
        "NEXT",
        "SYNC",
        "HEALTH",
    ]
    assert row.split()[:6] == ["1", "Corner", "Toy", "Shop", "yes", "connected"]
    assert row.endswith("The first read of the store is under way.")


@pytest.mark.parametrize("named", ["Corner", "1"])
def test_one_is_shown_by_its_name_or_id(hub: HubCommand, connected: Shop, named: str) -> None:
    out = hub("integrations", "show", named).out
    assert "setting shop corner" in " ".join(out.split())
    assert "store key corner" in " ".join(out.split())


def test_an_unknown_one_names_those_there_are(hub: HubCommand, connected: Shop) -> None:
    ended = hub("integrations", "show", "Crner")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no integration 'Crner'. There are: 'Corner'.\n"


def test_verifying_tells_who_the_store_is_and_what_it_does_not_grant(hub: HubCommand, password: Path) -> None:
    hub(*ADD, "--credentials-file", password)
    assert "missing rights  Treasure" in hub("integrations", "verify", "My cave").out
    assert hub("integrations", "verify", "My cave", "--json").json["name"] == "Cave"


def test_settings_and_rules_change_and_an_empty_value_puts_one_back(hub: HubCommand, connected: Shop) -> None:
    changed = hub(
        "integrations", "set", "Corner", "--set", "timezone=Europe/Paris", "--rule", "order_interval=9", "--json"
    )
    assert changed.json["settings"] == {"shop": "corner", "timezone": "Europe/Paris"}
    assert changed.json["rules"]["order_interval"] == 9
    assert hub("integrations", "set", "Corner", "--set", "timezone=", "--json").json["settings"] == {"shop": "corner"}
    shown = hub("integrations", "set", "1", "--set", "shop=corner").out
    assert "rule order_interval 9" in " ".join(shown.split())


def test_changing_nothing_is_wrong_usage(hub: HubCommand, connected: Shop) -> None:
    assert hub("integrations", "set", "Corner").code == 2


def test_a_rule_that_cannot_be_is_refused(hub: HubCommand, connected: Shop) -> None:
    ended = hub("integrations", "set", "Corner", "--rule", "order_interval=1")
    assert ended.code == 1
    assert "order_interval" in ended.err


def test_it_is_renamed_disabled_and_enabled(hub: HubCommand, connected: Shop) -> None:
    assert hub("integrations", "rename", "Corner", "Round").out == "It is called 'Round' now.\n"
    assert "is disabled" in hub("integrations", "disable", "Round").out
    assert hub("integrations", "show", "Round", "--json").json["enabled"] is False
    assert hub("integrations", "enable", "Round", "--json").json["enabled"] is True


def test_one_flow_of_it_is_switched_off_and_on(hub: HubCommand, connected: Shop) -> None:
    off = hub("integrations", "disable", "Corner", "--flow", "orders").out
    assert off == "The orders of 'Corner' are switched off; what is sold there is unknown to the hub until then.\n"
    assert "run: hub integrations enable 'Corner' --flow orders" in hub("sync", "Corner", "--orders").err
    assert hub("integrations", "enable", "Corner", "--flow", "orders").out.startswith(
        "The orders flow of 'Corner' is switched on."
    )
    refused = hub("integrations", "disable", "Corner", "--flow", "colours")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("'Corner' has no flow 'colours'; there are: orders")


def test_links_can_be_taken_over_only_from_one_that_was_removed(hub: HubCommand, connected: Shop) -> None:
    refused = hub("integrations", "take-over-links", "Corner")
    assert (refused.code, "No removed integration held the store of 'Corner'" in refused.err) == (1, True)


def test_a_missing_setting_is_named_with_how_to_give_it(hub: HubCommand) -> None:
    ended = hub("integrations", "add", "keyshop", "--name", "Cave")
    assert (ended.code, ended.out) == (1, "")
    assert "shop: is missing" in ended.err
    assert "--set KEY=VALUE" in ended.err


def test_a_name_in_use_is_refused(hub: HubCommand, connected: Shop) -> None:
    ended = hub("integrations", "add", "keyshop", "--name", "Corner", "--set", "shop=x")
    assert ended.code == 1
    assert ended.err == "There is an integration named 'Corner' already; choose another name.\n"


def test_removing_needs_a_yes_where_nobody_can_be_asked(hub: HubCommand, connected: Shop) -> None:
    ended = hub("integrations", "remove", "Corner")
    assert ended.code == 1
    assert "orders stay" in ended.err
    assert "hub integrations remove Corner --yes" in ended.err
    assert len(hub("integrations", "--json").json) == 1


def test_removing_with_yes_says_what_it_does_and_does_it(hub: HubCommand, connected: Shop) -> None:
    ended = hub("integrations", "remove", "Corner", "--yes")
    assert (ended.code, ended.out) == (0, "'Corner' is removed.\n")
    assert "orders stay" in ended.err
    assert hub("integrations", "--json").json == []
    (removed,) = hub("integrations", "--removed", "--json").json
    assert removed["removed_at"] is not None


def test_removing_can_be_told_as_json(hub: HubCommand, connected: Shop) -> None:
    connected.put("7", datetime.now(UTC))
    hub("sync")
    ended = hub("integrations", "remove", "Corner", "--yes", "--json")
    assert ended.json == {"removed": 1, "name": "Corner", "orders_kept": 1}
    assert hub("integrations", "--json").json == []


def test_an_option_before_the_verb_is_refused_rather_than_lost(hub: HubCommand, connected: Shop) -> None:
    ended = hub("integrations", "--json", "show", "Corner")
    assert ended.code == 2
    assert "put it behind 'show'" in ended.err
