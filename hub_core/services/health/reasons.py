"""Why a flow does not get on: the reasons in their order of precedence, each with a sentence and the next step.

What keeps everything from working comes before what concerns one store, and a fault before what passes by itself.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import BudgetError, NotReadyError, UnavailableError
from hub_core.domain.integrations import TELLING, HealthState
from hub_core.services.health.cases import Case, Verdict
from hub_core.services.health.freshness import GRACE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

PASSING: Final = (BudgetError.code, NotReadyError.code)
"""What a flow waits for without anything being wrong."""


def judged(case: Case) -> Verdict:
    """Give the first reason that holds."""
    return next(verdict for reason in REASONS if (verdict := reason(case)) is not None)


def _switched_off(case: Case) -> Verdict | None:
    if case.flow.enabled:
        return None
    return Verdict(
        HealthState.PAUSED,
        "disabled",
        f"The {case.figures} are switched off; run: hub integrations enable {shlex.quote(case.owner.name)} "
        f"--flow {case.flow.flow}",
    )


def _unattended(case: Case) -> Verdict | None:
    """Say that nobody works on it, once that is no restart any more."""
    due, channel = case.due_since, case.owner.channel
    if not case.flow.open or case.flow.is_held or due is None or case.now - due <= GRACE:
        return None
    if case.around.workers(channel):
        return None
    nobody = (
        f"The {case.figures} have waited since {_at(due)}, as no process of the hub syncs; start: hub serve (where it "
        "runs, its log says what holds it up)"
    )
    lacking = (
        f"The {case.figures} have waited since {_at(due)}, as no running process has loaded the plugin of the "
        f"channel '{channel}'; start: hub worker --channels {channel}"
    )
    return Verdict(HealthState.FAILING, "no_worker", lacking if case.around.processes else nobody, due)


def _failing(case: Case) -> Verdict | None:
    flow = case.flow
    if flow.problem_code is None or flow.problem_code in PASSING:
        return None
    since = flow.problem_since
    if flow.problem_code == UnavailableError.code and flow.away_since is not None:
        since = flow.away_since
    lasts = "" if since is None or since >= case.now else f" It has been so since {_at(since)}."
    return Verdict(
        HealthState.FAILING, flow.problem_code, f"{flow.problem_sentence or ''}{lasts}{_next_try(case)}", since
    )


def _away(case: Case) -> Verdict | None:
    """Say so also of a flow that is due but not tried, since another has found that the store does not answer."""
    since = case.flow.away_since
    if since is None or not case.flow.open or case.due_since is None:
        return None
    sentence = f"The store has not answered since {_at(since)}; the {case.figures} wait until it does."
    return Verdict(HealthState.FAILING, UnavailableError.code, f"{sentence}{_next_try(case)}", since)


def _rationed(case: Case) -> Verdict | None:
    """Say that it waits for the store's rate limit, also where the store itself has said to come again later."""
    closed = case.closed_until
    paused = case.flow.problem_code == BudgetError.code
    if not case.flow.open or not (paused or (closed is not None and case.due_since is not None)):
        return None
    until = max(filter(None, (closed, case.flow.next_due_at)), default=None)
    again = "" if until is None or until <= case.now else f" and go on at {_at(until)}"
    lasts = " Where that lasts, ask the platform for a higher limit." if case.is_late else ""
    return _waits(case, BudgetError.code, f"The {case.figures} wait for the store's rate limit{again}.{lasts}")


def _preparing(case: Case) -> Verdict | None:
    if case.flow.problem_code != NotReadyError.code:
        return None
    said = f"The platform is still preparing the {case.figures}; the hub asks again by itself."
    return _waits(case, NotReadyError.code, f"{said}{_next_try(case)}")


def _queueing(case: Case) -> Verdict | None:
    """Say that it waits for its turn: it is due, and there is no slot."""
    workers = case.around.workers(case.owner.channel)
    if not case.flow.open or case.flow.is_held or case.due_since is None or not workers:
        return None
    if any(process.busy < process.slots for process in workers):
        return None
    slots = sum(process.slots for process in workers)
    sentence = (
        f"The {case.figures} have waited for their turn since {_at(case.due_since)}, as all {slots} slots are busy; "
        "where that lasts, start more workers: hub worker"
    )
    return _waits(case, "waiting", sentence)


def _slow(case: Case) -> Verdict | None:
    if not case.is_late or not case.flow.is_held:
        return None
    done = "told" if case.flow.flow in TELLING else "read"
    sentence = f"The {case.figures} are being {done}, which takes long; 'hub runs' shows how far it has come."
    return _waits(case, "slow", sentence)


def _late(case: Case) -> Verdict | None:
    if not case.is_late:
        return None
    done = "were last told" if case.flow.flow in TELLING else "were last read"
    if case.flow.flow in TELLING:
        said = f"The oldest of the {case.figures} that are due has not been told since {_at(case.late_since)}"
    elif case.good_since is None:
        said = f"The {case.figures} were never read to the end since the store was connected"
    else:
        said = f"The {case.figures} {done} at {_at(case.good_since)}"
    return _waits(case, "late", f"{said}; look into the log of the process that syncs.")


def _catching_up(case: Case) -> Verdict | None:
    """Say so of old data that are no fault: the flow was closed until a moment ago."""
    if not case.flow.open or case.good_since is None or case.now - case.good_since <= case.target:
        return None
    sentence = f"The {case.figures} are being caught up with; the newest are of {_at(case.good_since)}."
    return Verdict(HealthState.OK, "catching_up", sentence, case.good_since)


def _first(case: Case) -> Verdict | None:
    if not case.flow.open or case.good_since is not None:
        return None
    return Verdict(HealthState.OK, "first_read", "The first read of the store is under way.")


def _fine(case: Case) -> Verdict:
    del case
    return Verdict(HealthState.OK, "ok", "All is well.")


REASONS: Final[tuple[Callable[[Case], Verdict | None], ...]] = (
    _switched_off,
    _unattended,
    _failing,
    _away,
    _rationed,
    _preparing,
    _queueing,
    _slow,
    _late,
    _catching_up,
    _first,
    _fine,
)


def _waits(case: Case, code: str, sentence: str) -> Verdict:
    """Give a reason that is news only once the flow is late."""
    state, since = (HealthState.LATE, case.late_since) if case.is_late else (HealthState.OK, case.wanted_since)
    return Verdict(state, code, sentence, since)


def _next_try(case: Case) -> str:
    at = max(filter(None, (case.flow.next_due_at, case.flow.away_until)), default=None)
    return "" if at is None or at <= case.now else f" The next try is at {_at(at)}."


def _at(moment: datetime | None) -> str:
    return "ever" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
