"""`hub integrations add` and `reauthorise` on a terminal, driven by what a channel says it needs."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub_core import Hub
from tests.cli.conftest import CHANNELS, HubCommand
from tests.cli.processes import started
from tests.cli.terminal import Terminal
from tests.toyshop.shop import open_shop

GRANT = "tests.grantshop.channel"


@pytest.fixture(autouse=True)
def grantshop(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a channel that lets merchants sign in, and whose settings are quite different."""
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    entry_points.write_text(f"{CHANNELS}grantshop = {GRANT}\n")
    monkeypatch.setenv("HUB_CHANNELS", "toyshop,keyshop,grantshop")


@pytest.fixture
def application(hub: HubCommand, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hush")
    secret.chmod(0o600)
    given = ("--set", "client_id=hub-of-tests", "--secret-file", f"client_secret={secret}")
    assert hub("application", "set", "grantshop", *given).code == 0


def test_everything_that_is_not_given_is_asked_for_with_help(hub: HubCommand) -> None:
    with Terminal("integrations", "add", "keyshop") as terminal:
        for question, answer in {"Name": "Cave", "Shop": "rock", "Timezone": "", "User": "ali"}.items():
            terminal.until(question)
            terminal.enter(f"{answer}\n")
        terminal.until("Password: ")
        terminal.enter("sesame\n")
        assert terminal.end() == 0
    assert "Press Enter for UTC." in terminal.shown
    assert "sesame" not in terminal.shown
    added = hub("integrations", "show", "Cave", "--json").json
    assert (added["connection"], added["settings"]) == ("connected", {"shop": "rock", "timezone": "UTC"})


def test_choices_and_examples_are_shown_and_a_wrong_value_is_asked_for_again(
    hub: HubCommand, application: None
) -> None:
    with Terminal("integrations", "add", "grantshop", "--name", "Grant") as terminal:
        terminal.until("Region (eu, us): ")
        terminal.enter("mars\n")
        terminal.until("This cannot be used: ")
        terminal.until("Region (eu, us): ")
        terminal.enter("eu\n")
        terminal.until("Account: ")
        terminal.enter("seven\n")
        terminal.until("This cannot be used: must be a whole number.")
        terminal.enter("7\n")
        terminal.until("Trial account (yes, no): ")
        terminal.enter("yes\n")
        terminal.until("Time zone: ")
        terminal.enter("nowhere\n")
        terminal.until("does not have the form that is asked for")
        terminal.enter("\n")
        assert terminal.end() == 0
    assert "Where the account is kept." in terminal.shown
    assert "For example 7." in terminal.shown
    assert "https://grant.example/sign-in" in terminal.shown
    assert "hub serve" in terminal.shown
    added = hub("integrations", "show", "Grant", "--json").json
    assert added["connection"] == "awaiting_authorization"
    assert added["settings"] == {"region": "eu", "account": 7, "trial": True}


@pytest.mark.parametrize("stop", ["Name: ", "Shop: ", "Timezone: ", "User: ", "Password: "])
def test_ctrl_c_at_any_question_leaves_nothing(hub: HubCommand, stop: str) -> None:
    answers = {"Name: ": "Cave", "Shop: ": "rock", "Timezone: ": "", "User: ": "ali", "Password: ": "x"}
    with Terminal("integrations", "add", "keyshop") as terminal:
        for question, answer in answers.items():
            terminal.until(question)
            if question == stop:
                assert terminal.interrupt() == 130
                break
            terminal.enter(f"{answer}\n")
    assert "Traceback" not in terminal.shown
    assert hub("integrations", "--json").json == []


def test_one_that_was_begun_is_listed_and_gone_on_with(hub: HubCommand, password: Path) -> None:
    add = ("integrations", "add", "keyshop", "--name", "Cave", "--set", "shop=rock")
    assert hub(*add).code == 0
    (one,) = hub("integrations", "--json").json
    assert (one["connection"], one["health"]["code"]) == ("awaiting_authorization", "awaiting_authorization")
    again = hub(*add)
    assert again.code == 1
    assert again.err == "'Cave' was begun already; to go on with it, run: hub integrations reauthorise Cave\n"
    assert hub("integrations", "reauthorise", "Cave", "--credentials-file", password).code == 0
    taken = hub(*add)
    assert "choose another name" in taken.err


def test_a_zone_that_the_store_does_not_tell_is_asked_for_and_tried_again(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop("north", timezone=None)
    answers = {"Password": shop.password, "timezone": "Europe/Berlin"}
    monkeypatch.setattr("hub_core.cli.fields.can_ask", lambda: True)
    monkeypatch.setattr(
        "typer.prompt", lambda title, **_: next(v for k, v in answers.items() if k.lower() in title.lower())
    )
    ended = hub("integrations", "add", "toyshop", "--name", "North", "--set", "shop=north")
    assert ended.code == 0
    assert "The store does not name its time zone" in ended.err
    added = hub("integrations", "show", "North", "--json").json
    assert (added["connection"], added["settings"]["timezone"]) == ("connected", "Europe/Berlin")


def test_without_a_name_and_a_terminal_it_is_wrong_usage(hub: HubCommand) -> None:
    ended = hub("integrations", "add", "keyshop", "--set", "shop=rock")
    assert (ended.code, ended.out) == (2, "")
    assert "--name" in ended.err


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`hub serve` in a process of its own, on a port of its own."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    monkeypatch.setenv("HUB_PORT", str(port))
    with started("serve", stderr=-3) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        os.kill(child.pid, signal.SIGTERM)


def begin_redirect(terminal: Terminal) -> str:
    terminal.until("Open https://grant.example/sign-in?")
    terminal.until("Waiting for you to come back")
    return httpx.URL(terminal.shown.split("Open ")[1].split()[0]).params["state"]


ADD_GRANT = ("integrations", "add", "grantshop", "--name", "Grant", "--set", "region=eu", "--set", "account=7")


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize(
    ("answer", "told", "connection"),
    [
        ({"code": "code-7-0"}, "eu-7", "connected"),
        ({"error": "access denied"}, "the page that you came back to says why", "awaiting_authorization"),
    ],
)
def test_while_the_hub_is_served_it_waits_for_him_who_signs_in(
    hub: HubCommand, served: str, answer: dict[str, str], told: str, connection: str
) -> None:
    with Terminal(*ADD_GRANT) as terminal:
        state = begin_redirect(terminal)
        page = httpx.get(f"{served}/authorizations/grantshop", params={"state": state, **answer})
        assert page.status_code == (200 if connection == "connected" else 422)
        assert terminal.end() == (0 if connection == "connected" else 1)
    assert told in terminal.shown
    assert hub("integrations", "show", "Grant", "--json").json["connection"] == connection


def test_ctrl_c_while_it_waits_leaves_nothing(hub: HubCommand, application: None, served: str) -> None:
    with Terminal(*ADD_GRANT) as terminal:
        state = begin_redirect(terminal)
        assert terminal.interrupt() in (1, 130)
    assert "'Grant' was not added." in terminal.shown
    assert "Traceback" not in terminal.shown
    page = httpx.get(f"{served}/authorizations/grantshop", params={"state": state, "code": "x"})
    assert page.status_code == 422
    assert hub("integrations", "--json").json == []


def test_where_it_is_removed_meanwhile_the_waiting_ends(hub: HubCommand, application: None, served: str) -> None:
    async def remove() -> None:
        async with Hub.open() as other:
            await other.integrations.remove("Grant")

    with Terminal(*ADD_GRANT) as terminal:
        begin_redirect(terminal)
        asyncio.run(remove())
        assert terminal.end() == 1
    assert "Traceback" not in terminal.shown
