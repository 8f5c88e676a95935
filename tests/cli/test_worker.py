"""`hub worker`, where it cannot start or go on."""

import builtins
from typing import Any

import pytest

from hub_core import worker
from hub_core.domain.errors import StalledError
from hub_core.engine.distributed import Distributed
from hub_core.storage import database
from tests.cli.conftest import HubCommand

POSTGRES = "postgresql+psycopg://nobody@127.0.0.1:1/hub"


def test_on_sqlite_it_says_what_to_do_instead(hub: HubCommand) -> None:
    ended = hub("worker")
    assert (ended.code, ended.out) == (2, "")
    assert "Set HUB_DATABASE_URL to a database of PostgreSQL, or run 'hub serve' without workers." in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("channels", [("--channels", "toyshop,shoe"), ("--channels", "toyshop", "--channels", "shoe")])
def test_a_channel_that_there_is_not_is_told_with_those_there_are(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch, channels: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", POSTGRES)
    ended = hub("worker", *channels)
    assert (ended.code, ended.err) == (2, "There is no channel 'shoe'. Name any of these: keyshop, toyshop.\n")


def test_without_a_channel_it_says_what_is_missing(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", POSTGRES)
    monkeypatch.setenv("HUB_CHANNELS", "brokenshop")
    ended = hub("worker")
    assert ended.code == 2
    assert ended.err.endswith("install a plugin, such as hub-threedcart.\n")


def test_a_channel_whose_plugin_is_broken_is_told_with_the_reason(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", POSTGRES)
    monkeypatch.setenv("HUB_CHANNELS", "toyshop,brokenshop")
    ended = hub("worker", "--channels", "brokenshop")
    assert ended.code == 2
    assert "The channel 'brokenshop' cannot be used: It cannot be imported" in ended.err


def test_a_database_that_does_not_answer_is_told_in_one_sentence(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", POSTGRES)
    ended = hub("worker", "--channels", "toyshop")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("does not answer; start it or check HUB_DATABASE_URL.\n")


def test_where_packages_are_missing_it_says_what_to_install(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", POSTGRES)
    real = builtins.__import__

    def missing(name: str, *args: Any) -> Any:
        if name == "psycopg":
            raise ModuleNotFoundError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", missing)
    ended = hub("worker")
    assert (ended.code, ended.err) == (1, f"{database.POSTGRES_MISSING}\n")


async def stalls(starter: Distributed) -> None:
    raise StalledError("Nothing reaches this process.")


async def breaks(starter: Distributed) -> None:
    raise ZeroDivisionError


def test_a_worker_that_nothing_reaches_ends_so_that_it_is_started_again(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch, postgresql_hub_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", postgresql_hub_url)
    monkeypatch.setattr(worker, "set_up_logging", lambda _: None)
    monkeypatch.setattr(Distributed, "run", stalls)
    assert hub("worker").code == 75
    assert "Nothing reaches this process." in caplog.messages


def test_a_mistake_in_the_engine_ends_a_worker_and_is_logged(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch, postgresql_hub_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", postgresql_hub_url)
    monkeypatch.setattr(worker, "set_up_logging", lambda _: None)
    monkeypatch.setattr(Distributed, "run", breaks)
    assert hub("worker").code == 1
    assert "The engine failed; start the worker again and report this." in caplog.text
    assert "ZeroDivisionError" in caplog.text
