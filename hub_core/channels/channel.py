"""A channel that is fit for use: what it says of itself, and the hooks it brings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hub_core.channels.hookspecs import CAPABILITIES
from hub_core.domain.channels import ChannelInfo
from hub_core.domain.errors import InputError
from hub_core.domain.integrations import Flow

Hook = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A channel as its plugin supplies it. *version* is that of the *distribution* it was installed with."""

    info: ChannelInfo
    distribution: str
    version: str
    hooks: Mapping[str, Hook]

    @property
    def key(self) -> str:
        """What names the channel everywhere, also as the entry point's name."""
        return self.info.key

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the channel can do, read off the hooks that it brings."""
        named = {**CAPABILITIES, "webhooks": "receive_webhook"}
        return tuple(capability for capability, hook in named.items() if self.implements(hook))

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The flows that an integration of this channel has."""
        return tuple(Flow(capability) for capability, hook in CAPABILITIES.items() if self.implements(hook))

    def implements(self, hook: str) -> bool:
        """Tell whether the channel brings this hook."""
        return hook in self.hooks

    def bind(self, hook: str, arguments: Mapping[str, Any]) -> Callable[[], Any]:
        """Bind to *hook* those *arguments* that it takes. Raises InputError where the channel has no such hook."""
        if not self.implements(hook):
            raise InputError(f"The channel '{self.key}' cannot do this: its plugin brings no {hook}.")
        function = self.hooks[hook]
        wanted = {name: arguments[name] for name in _parameters(function)}
        return lambda: function(**wanted)


@lru_cache(maxsize=512)
def _parameters(hook: Hook) -> tuple[str, ...]:
    """Name what a hook takes; looked up once, since that takes longer than many a hook."""
    return tuple(inspect.signature(hook).parameters)
