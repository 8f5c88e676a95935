"""The log of a process."""

import json
import logging
from collections.abc import Iterator

import pytest
from structlog.contextvars import bound_contextvars

from hub_core.logs import set_up_logging


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
    with bound_contextvars(request_id="abc"):
        tell()
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"], event["request_id"]) == ("It failed in a test", "error", "abc")
    assert event["logger"] == "hub_core.tests"
    assert event["timestamp"].endswith("Z")
    assert "ValueError: no" in event["exception"]


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
