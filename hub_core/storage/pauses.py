"""What a flow waits for though nothing is wrong, as its row says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, literal

from hub_core.storage.tables import flow_state
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from datetime import datetime


def paused(code: str, at: datetime) -> dict[str, Any]:
    """Give the columns that say that a flow waits; where it did so before, it goes on to since then."""
    columns = flow_state.c
    since = case((columns.problem_code == code, columns.problem_since), else_=literal(at, UtcDateTime))
    return {"failures": 0, "problem_code": code, "problem_sentence": None, "problem_since": since}
