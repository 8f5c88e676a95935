"""Answers: what the hub knows, written once by pydantic and never checked a second time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from hub_core.web.cursors import Place, encoded

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A part of a list; *next_cursor* leads to the part after it."""

    items: list[Item]
    next_cursor: str | None = None


def answer(content: BaseModel, status: int = 200) -> Response:
    """Answer with one thing."""
    return Response(content.model_dump_json(), status, media_type="application/json")


def page(kind: type[Page[Item]], found: Sequence[Item], limit: int, place_of: Callable[[Item], Place]) -> Response:
    """Answer with *limit* items of *found*, which holds one more where the list goes on."""
    shown = list(found[:limit])
    cursor = encoded(place_of(shown[-1])) if len(found) > limit else None
    return answer(kind.model_construct(items=shown, next_cursor=cursor))


def whole(kind: type[Page[Item]], items: Sequence[Item], status: int = 200) -> Response:
    """Answer with a list that is never longer than one page."""
    return answer(kind.model_construct(items=list(items), next_cursor=None), status)
