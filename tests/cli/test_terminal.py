"""What a person at a terminal is asked and shown."""

from tests.cli.conftest import HubCommand
from tests.cli.terminal import Terminal
from tests.toyshop.shop import Shop

ADD = ("integrations", "add", "keyshop", "--name", "Cave", "--set", "shop=x")


def test_credentials_are_asked_for_and_secrets_are_not_shown(hub: HubCommand) -> None:
    with Terminal(*ADD) as terminal:
        terminal.until("User: ")
        terminal.enter("ali\n")
        terminal.until("Password: ")
        terminal.enter("sesame\n")
        assert terminal.end() == 0
    assert "1. Ring the bell." in terminal.shown
    assert "ali" in terminal.shown
    assert "sesame" not in terminal.shown
    assert hub("integrations", "show", "Cave", "--json").json["connection"] == "connected"


def test_ctrl_c_at_a_question_ends_it_with_130(hub: HubCommand) -> None:
    with Terminal(*ADD) as terminal:
        terminal.until("User: ")
        assert terminal.interrupt() == 130
    assert "Traceback" not in terminal.shown


def test_removing_asks_and_a_no_removes_nothing(hub: HubCommand, connected: Shop) -> None:
    with Terminal("integrations", "remove", "Corner") as terminal:
        terminal.until("[y/N]: ")
        terminal.enter("n\n")
        assert terminal.end() == 1
    assert "Nothing was removed." in terminal.shown
    assert len(hub("integrations", "--json").json) == 1


def test_removing_asks_and_a_yes_removes(hub: HubCommand, connected: Shop) -> None:
    with Terminal("integrations", "remove", "Corner") as terminal:
        terminal.until("[y/N]: ")
        terminal.enter("y\n")
        assert terminal.end() == 0
    assert hub("integrations", "--json").json == []
