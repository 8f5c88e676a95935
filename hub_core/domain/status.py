"""How everything is doing, at a glance."""

from __future__ import annotations

from pydantic import AwareDatetime

from hub_core.domain.channels import ChannelFault
from hub_core.domain.fact import Fact
from hub_core.domain.integrations import ConnectionState, Flow, FlowStatus, Health


class ProcessStatus(Fact):
    """A process that syncs: *busy* of its *slots* are taken; *channels* are those whose plugins it has loaded."""

    kind: str
    host: str
    pid: int
    version: str
    slots: int
    busy: int
    channels: tuple[str, ...]
    seen_at: AwareDatetime


class IntegrationStatus(Fact):
    """How one integration is doing, and each of its flows."""

    id: int
    name: str
    channel: str
    enabled: bool
    connection: ConnectionState
    health: Health
    flows: dict[Flow, FlowStatus]


class BudgetStatus(Fact):
    """A rate budget of a store, or of an application, that holds back.

    It lets nothing through until *closed_until*, or only *per_second*, which is less than the channel states.
    """

    scope: str
    name: str
    closed_until: AwareDatetime | None = None
    per_second: float | None = None


class OpenMatters(Fact):
    """What waits for a person: rejects, prices that change too much or lie beyond a limit, and refused figures."""

    rejects: int
    held_prices: int
    refused_figures: int


class HubStatus(Fact):
    """The hub as a whole; *status* is `ok`, or `degraded` where something needs somebody."""

    status: str
    at: AwareDatetime
    version: str
    database: str
    processes: tuple[ProcessStatus, ...]
    integrations: tuple[IntegrationStatus, ...]
    budgets: tuple[BudgetStatus, ...]
    faulty_plugins: tuple[ChannelFault, ...]
    open: OpenMatters
