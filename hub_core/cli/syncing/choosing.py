"""Which integrations a command is about, and which of their flows."""

from typing import TYPE_CHECKING

from hub_core.domain.errors import InputError

if TYPE_CHECKING:
    from hub_core.domain.integrations import Integration
    from hub_core.hub import Hub

KINDS = ("orders", "listings", "stock", "prices", "fulfilment")
"""In this order: what a store is told follows from its orders and from what it lists."""


async def chosen(hub: "Hub", names: list[str]) -> list["Integration"]:
    """Give the integrations that are named, each once, or all that are enabled. Raises InputError where none is."""
    named = [await hub.integrations.get(name) for name in names]
    return list({one.id: one for one in named or await _enabled(hub)}.values())


async def _enabled(hub: "Hub") -> list["Integration"]:
    there = await hub.integrations.list()
    enabled = [one for one in reversed(there) if one.enabled]
    if there and not enabled:
        raise InputError("No integration is enabled; enable one with: hub integrations enable NAME")
    if not there:
        raise InputError("There is no integration yet; add one with: hub integrations add CHANNEL --name NAME")
    return enabled


def kinds_of(integration: "Integration", wanted: list[str], *, named: bool) -> list[str]:
    """List what is to be done for an integration: what is *wanted*, else all of it that is switched on.

    Where it was not *named* itself, what it cannot do is left out.
    """
    able = [str(flow) for flow, status in integration.flows.items() if status.enabled] or ["orders"]
    if not wanted:
        return [kind for kind in KINDS if kind in able]
    return [kind for kind in KINDS if kind in wanted and (named or kind in able)]
