"""Letting a store answer what it was just told, when whoever listens is stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MOMENT: Final = 0.3
"""Seconds that an answer has for coming; with the plugin's own cleaning up, a flow must end within one."""
_END: Final = object()

T = TypeVar("T")


async def to_the_last(answers: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield what *answers* yields, and close it at the end.

    Where the reader is cancelled the answer that is under way has a moment for coming, and is yielded before that ends
    the reader: else nobody would know what the store has.
    """
    drawing: asyncio.Task[Any] | None = None
    try:
        while True:
            drawing = asyncio.create_task(_drawn(answers))
            try:
                await asyncio.wait({drawing})
            except asyncio.CancelledError:
                await asyncio.wait({drawing}, timeout=MOMENT)
                if _has_come(drawing):
                    yield drawing.result()
                raise
            answer = drawing.result()
            if answer is _END:
                return
            yield answer
    finally:
        if drawing is not None and not drawing.done():
            drawing.cancel()
            await asyncio.wait({drawing})
        await answers.aclose()


async def _drawn(answers: AsyncGenerator[T, None]) -> T | object:
    return await anext(answers, _END)


def _has_come(drawing: asyncio.Task[Any]) -> bool:
    if not drawing.done() or drawing.cancelled():
        return False
    return drawing.exception() is None and drawing.result() is not _END
