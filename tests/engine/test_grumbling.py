"""What lasts is said once."""

import logging

import pytest

from hub_core.engine.grumbling import Grumbling


def said(caplog: pytest.LogCaptureFixture, *turns: tuple[str, ...]) -> list[str]:
    grumbling = Grumbling("It waits: %s")
    with caplog.at_level(logging.WARNING, "hub_core.engine"):
        for turn in turns:
            grumbling.of([OSError(text) for text in turn])
    return caplog.messages


def test_what_lasts_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, ("full",), ("full",), ("full",)) == ["It waits: full"]


def test_what_changes_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, ("full",), ("full", "gone"), ("gone",)) == ["It waits: full", "It waits: gone"]


def test_what_comes_back_is_said_again(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, ("full",), (), ("full",)) == ["It waits: full", "It waits: full"]
