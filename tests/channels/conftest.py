"""What the tests of channels share."""

import logging
from collections.abc import Iterator

import pytest

from hub_core.channels import dispatch
from tests.channels.shop import HASTY


class Keeping(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins that do not let themselves be cancelled are left behind at once."""
    monkeypatch.setattr(dispatch, "GRACE", HASTY)


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    records: list[logging.LogRecord] = []
    handler = Keeping(records)
    logger = logging.getLogger("hub_core.channels")
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)
