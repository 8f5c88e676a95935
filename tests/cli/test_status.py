"""`hub status`."""

import pytest

from hub_core.engine.noticing import LASTING
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop, open_shop


@pytest.fixture
def synced(hub: HubCommand, connected: Shop) -> Shop:
    assert hub("sync", "Corner").code == 0
    return connected


def test_of_a_hub_that_is_well_it_says_so(hub: HubCommand, synced: Shop) -> None:
    del synced
    ended = hub("status")
    assert ended.code == 0
    assert ended.out.startswith("All is well: 1 integration on sqlite, hub ")
    assert "Corner" in ended.out
    assert "Flows that are late or fail" not in ended.out
    assert "No process syncs now; start: hub serve" in ended.err


def test_what_is_in_trouble_is_told_with_what_to_do_and_is_no_failure_of_the_command(
    hub: HubCommand, synced: Shop
) -> None:
    open_shop("corner", password="changed")
    hub("sync", "Corner")
    ended = hub("status")
    assert ended.code == 0
    assert ended.out.startswith("1 integration in trouble:")
    assert "hub integrations reauthorise 'Corner'" in ended.out


def test_for_programs_it_is_one_document(hub: HubCommand, synced: Shop) -> None:
    del synced
    found = hub("status", "--json").json
    assert (found["status"], found["database"], found["processes"]) == ("ok", "sqlite", [])
    (corner,) = found["integrations"]
    assert (corner["name"], corner["health"]["code"]) == ("Corner", "ok")
    orders = corner["flows"]["orders"]
    assert (orders["code"], orders["late"], orders["target_seconds"]) == ("ok", False, 300)
    assert 0 <= orders["freshness_seconds"] < LASTING.total_seconds()
    assert found["open"] == {"rejects": 0, "held_prices": 0, "refused_figures": 0}


def test_where_the_database_cannot_be_read_it_fails_with_what_to_do(
    hub: HubCommand, synced: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    del synced
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    ended = hub("status")
    assert (ended.code, ended.out) == (1, "")
    assert "does not answer; start it or check HUB_DATABASE_URL" in ended.err
