"""The hub's numbers as Prometheus reads them: by integration id and channel, without a name in them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from hub_core.domain.integrations import HealthState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub_core.domain.integrations import FlowStatus, Integration
    from hub_core.domain.totals import Totals
    from hub_core.services.measuring import Measured

_OF_INTEGRATION = ("integration", "channel")
_OF_FLOW = (*_OF_INTEGRATION, "flow")
_OUTCOMES = ("accepted", "refused", "submitted", "retried", "superseded")


def exposed(measured: Measured, version: str) -> bytes:
    """Write the numbers in the text format; the registry is made for this one answer."""
    registry = CollectorRegistry()
    registry.register(_Numbers(measured, version))
    return generate_latest(registry)


class _Numbers:
    """What the registry asks for its families."""

    def __init__(self, measured: Measured, version: str) -> None:
        self._measured = measured
        self._seen = measured.seen
        self._version = version

    def collect(self) -> Iterator[Any]:
        yield InfoMetricFamily("hub", "The hub.", value={"version": self._version})
        yield from self._whole()
        yield from self._engine()
        yield from self._freshness()
        yield from self._work()

    def _whole(self) -> Iterator[Any]:
        states = Counter((one.channel, one.health.state.value) for one in self._seen.integrations)
        yield _gauge("hub_integrations", "Integrations by the state of their health.", ("channel", "state"), states)
        rejects = {
            _labels(one): self._seen.rejects[one.id] for one in self._seen.integrations if one.id in self._seen.rejects
        }
        yield _gauge("hub_rejects_open", "Data of stores that could not be used.", _OF_INTEGRATION, rejects)
        waiting = {(wait.value,): many for wait, many in self._seen.waiting.items()}
        yield _gauge("hub_figures_waiting", "Figures that are not sent now, by what they wait for.", ("for",), waiting)
        newest = self._measured.newest_event
        yield _counter("hub_events", "Events, which are numbered without gaps.", (), {(): newest})
        yield _gauge("hub_database_bytes", "Size of the database.", (), {(): self._measured.database_bytes})

    def _engine(self) -> Iterator[Any]:
        processes = [process for process, _ in self._seen.around.processes]
        kinds = Counter((process.kind,) for process in processes)
        yield _gauge("hub_engine_processes", "Processes that sync.", ("kind",), kinds)
        yield _gauge("hub_engine_slots", "Flows that they can work on.", (), {(): sum(one.slots for one in processes)})
        busy = {(): sum(one.busy for one in processes)}
        yield _gauge("hub_engine_slots_busy", "Flows that they work on.", (), busy)
        count, oldest = self._measured.due
        waits = 0.0 if oldest is None else max(0.0, (self._seen.around.now - oldest).total_seconds())
        yield _gauge("hub_flows_due", "Flows whose time has come and on which nobody works yet.", (), {(): count})
        yield _gauge("hub_flows_due_oldest_seconds", "For how long the oldest of them waits.", (), {(): waits})
        budgets = self._seen.budgets
        closed = sum(one.closed_until is not None for one in budgets)
        slowed = sum(one.per_second is not None for one in budgets)
        limited = {("closed",): closed, ("slowed",): slowed}
        refused = {(channel,): many for channel, many in self._measured.refusals.items()}
        yield _counter("hub_throttles", "Requests that stores refused as too many.", ("channel",), refused)
        yield _gauge("hub_rate_budgets_limited", "Rate budgets that stores have closed, or slowed.", ("how",), limited)

    def _freshness(self) -> Iterator[Any]:
        flows = [(_labels(one, flow), status) for one in self._seen.integrations for flow, status in one.flows.items()]
        running = [(labels, status) for labels, status in flows if status.state is not HealthState.PAUSED]
        fresh = {labels: one.freshness_seconds for labels, one in running if one.freshness_seconds is not None}
        yield _gauge("hub_flow_freshness_seconds", "Age of the newest known-good data.", _OF_FLOW, fresh)
        targets = {labels: one.target_seconds for labels, one in running}
        yield _gauge("hub_flow_target_seconds", "The age that they should not exceed.", _OF_FLOW, targets)
        late = {labels: _lateness(one) for labels, one in running}
        yield _gauge("hub_flow_lateness_seconds", "By how much a late flow exceeds it.", _OF_FLOW, late)
        bad = (HealthState.LATE, HealthState.FAILING)
        trouble = {(*labels, one.state.value, one.code): 1 for labels, one in running if one.state in bad}
        names = (*_OF_FLOW, "state", "code")
        yield _gauge("hub_flow_trouble", "Flows that are late or fail, with the reason.", names, trouble)

    def _work(self) -> Iterator[Any]:
        found = [
            (_labels(one, flow), self._measured.totals[one.id, flow])
            for one in self._seen.integrations
            for flow in one.flows
            if (one.id, flow) in self._measured.totals
        ]
        orders = {labels[:2]: totals.counts.get("created", 0) for labels, totals in found if labels[2] == "orders"}
        yield _counter("hub_orders_taken_in", "Orders taken in.", _OF_INTEGRATION, orders)
        runs = {(*labels, state): many for labels, totals in found for state, many in totals.runs.items()}
        yield _counter("hub_runs", "Runs that have ended, by how.", (*_OF_FLOW, "state"), runs)
        yield _sum("hub_run_seconds", "Time for which flows were worked on.", found, "seconds")
        yield _sum("hub_api_calls", "Requests to stores.", found, "calls")
        yield _sum("hub_budget_wait_seconds", "Time for which requests waited for their turn.", found, "waited_seconds")
        pauses = {(*labels, why): many for labels, totals in found for why, many in totals.pauses.items()}
        yield _counter("hub_pauses", "Runs that had to wait, by what for.", (*_OF_FLOW, "for"), pauses)
        pushed = {
            (*labels, outcome): totals.counts[outcome]
            for labels, totals in found
            for outcome in _OUTCOMES
            if outcome in totals.counts
        }
        yield _counter("hub_push_outcomes", "What stores said to what they were told.", (*_OF_FLOW, "outcome"), pushed)


def _labels(one: Integration, *more: str) -> tuple[str, ...]:
    return (str(one.id), one.channel, *more)


def _lateness(status: FlowStatus) -> float:
    return max(0.0, (status.freshness_seconds or 0.0) - status.target_seconds) if status.late else 0.0


def _sum(name: str, text: str, found: Sequence[tuple[tuple[str, ...], Totals]], what: str) -> Any:
    return _counter(name, text, _OF_FLOW, {labels: getattr(totals, what) for labels, totals in found})


def _gauge(name: str, text: str, labels: Sequence[str], values: dict[Any, Any]) -> Any:
    return _filled(GaugeMetricFamily(name, text, labels=labels), values)


def _counter(name: str, text: str, labels: Sequence[str], values: dict[Any, Any]) -> Any:
    return _filled(CounterMetricFamily(name, text, labels=labels), values)


def _filled(family: Any, values: dict[Any, Any]) -> Any:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
