"""A plugin that hears of everything that happens, and brings no channel."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub_core.domain.events import Event


@dataclass(frozen=True, slots=True, eq=False)
class Observer:
    """An observer by the name of its entry point, as its plugin supplies it."""

    name: str
    distribution: str
    version: str
    hook: Callable[..., Any]

    def hear(self, event: Event) -> Awaitable[None]:
        """Call the hook; it may do without the event."""
        takes_it = bool(inspect.signature(self.hook).parameters)
        answer: Awaitable[None] = self.hook(event=event) if takes_it else self.hook()
        return answer
