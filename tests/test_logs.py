"""The log of a process."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator

import pytest

from hub_core.domain.logged import logged_with
from hub_core.logs import set_up_logging

_UNCOLOURED = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Setting up the log changes the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


def fail(password: str) -> None:
    raise ValueError("no")


def tell() -> None:
    try:
        fail(password="planted-secret")
    except ValueError:
        logging.getLogger("hub_core.tests").exception("It failed in %s", "a test")


def test_for_machines_each_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("json")
    with logged_with(request_id="abc"):
        tell()
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"], event["request_id"]) == ("It failed in a test", "error", "abc")
    assert event["logger"] == "hub_core.tests"
    assert event["timestamp"].endswith("Z")
    assert "ValueError: no" in event["exception"]


@pytest.mark.parametrize("form", ["console", "json"])
async def test_each_of_two_things_at_once_logs_its_own_ids_also_in_its_threads(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    set_up_logging("json" if form == "json" else "console")
    both = asyncio.Barrier(2)

    async def work(number: int) -> None:
        with logged_with(integration=number, flow="orders", run=10 * number):
            await both.wait()
            await asyncio.to_thread(logging.getLogger("some.library").warning, "In a thread %d", number)
            with logged_with(request_id=f"r{number}"):
                await both.wait()
                logging.getLogger("hub_plugin").error("Within %d", number)
        logging.getLogger("hub_core.tests").warning("After %d", number)

    await asyncio.gather(work(1), work(2))
    lines = [_UNCOLOURED.sub("", line) for line in capsys.readouterr().err.splitlines()]
    for number, other in ((1, 2), (2, 1)):
        mine = [line for line in lines if re.search(rf"(In a thread|Within) {number}", line)]
        assert len(mine) == 2
        assert all(_bears(line, "integration", number) and _bears(line, "run", 10 * number) for line in mine)
        assert not any(_bears(line, "run", 10 * other) for line in mine)
        assert [_bears(line, "request_id", f"r{number}") for line in mine] == ["Within" in line for line in mine]
        (after,) = [line for line in lines if f"After {number}" in line]
        assert "integration" not in after


def _bears(line: str, name: str, value: object) -> bool:
    return f"{name}={value}" in line.split() or (line.startswith("{") and json.loads(line).get(name) == value)


def test_for_people_an_event_is_a_line_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("console")
    logging.getLogger("hub_core.tests").warning("Look here")
    line = capsys.readouterr().err
    assert "Look here" in line
    assert not line.startswith("{")


def test_without_a_terminal_the_log_is_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging()
    logging.getLogger("hub_core.tests").warning("Look here")
    assert json.loads(capsys.readouterr().err)["event"] == "Look here"


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_values_of_variables(capsys: pytest.CaptureFixture[str], form: str) -> None:
    set_up_logging("json" if form == "json" else "console")
    tell()
    written = capsys.readouterr().err
    assert "ValueError: no" in written
    assert "'planted-secret'" not in written.replace('fail(password="planted-secret")', "")
    assert written.count("planted-secret") <= 1  # the line of code itself


def test_libraries_that_write_whole_addresses_are_kept_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("json")
    logging.getLogger("httpx").info("GET https://shop.example/?key=planted-secret")
    assert capsys.readouterr().err == ""
