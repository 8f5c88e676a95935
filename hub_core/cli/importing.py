"""Importing figures from a file: what will change is shown first, and a person agrees to it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hub_core.cli import fields
from hub_core.cli.output import complain, counted, document, number, say, table
from hub_core.cli.running import run

if TYPE_CHECKING:
    from hub_core.domain.plans import Plan, Planned
    from hub_core.domain.stock import Written
    from hub_core.hub import Hub
    from hub_core.services.sheets.figures import Mark

_SHOWN = 100

File = Annotated[Path, typer.Argument(help="A CSV file.", metavar="FILE", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DecimalMark = Annotated[
    Literal["point", "comma"] | None,
    typer.Option("--decimal", help="The mark before decimals, where the file may mean both.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class Import:
    """One file: *noun* says what it holds; *plan* reckons, *write* does it; *notes* are told once it was reckoned."""

    noun: str
    plan: "Callable[[Hub], Awaitable[Plan]]"
    write: "Callable[[Hub, Plan], Awaitable[Written]]"
    ignored: tuple[str, ...]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is to be done."""

    dry_run: bool
    yes: bool
    as_json: bool

    def check(self) -> None:
        """Refuse to begin where nobody could be asked at the end."""
        if not (self.dry_run or self.yes or fields.can_ask()):
            message = "it is needed where nobody can be asked; with --dry-run you see what would change."
            raise typer.BadParameter(message, param_hint="--yes")


def mark_of(decimal: str | None) -> "Mark | None":
    """Give the sign that a person named."""
    return None if decimal is None else "." if decimal == "point" else ","


def carry_out(work: Import, manner: Manner) -> None:
    """Show what will change, ask, and do it."""
    plan = run(work.plan)
    for note in work.notes:
        complain(note)
    if work.ignored:
        complain(f"These columns are not read: {', '.join(work.ignored)}.")
    if not manner.as_json:
        _show(work.noun, plan)
    if manner.dry_run or not plan.changes:
        _end(work, plan, None, manner)
        return
    if not manner.yes and not fields.confirmed(f"Change {counted(len(plan.changes), work.noun)}?"):
        complain("Nothing was changed.")
        raise typer.Exit(1)
    _end(work, plan, run(lambda hub: work.write(hub, plan)), manner)


def _show(noun: str, plan: "Plan") -> None:
    if not plan.changes:
        say(f"Nothing is to be changed: {counted(plan.unchanged, noun)} as before.")
        return
    table([_row(one) for one in plan.changes[:_SHOWN]], "")
    if len(plan.changes) > _SHOWN:
        say(f"… and {counted(len(plan.changes) - _SHOWN, 'more change')}")
    new = sum(one.before is None for one in plan.changes)
    say(f"{counted(len(plan.changes), noun)} to change ({new:,} of them new), {plan.unchanged:,} as before.")


def _row(one: "Planned") -> dict[str, object]:
    row: dict[str, object] = {"sku": one.sku}
    if one.currency is not None:
        row["currency"] = one.currency
    before = None if one.before is None else number(one.before, one.currency)
    return {**row, "from": before, "to": number(one.after, one.currency)}


def _end(work: Import, plan: "Plan", written: "Written | None", manner: Manner) -> None:
    if manner.as_json:
        told: dict[str, Any] = plan.model_dump(mode="json")
        done = None if written is None else written.model_dump(mode="json")
        document({**told, "written": done, "ignored_columns": list(work.ignored), "notes": list(work.notes)})
    elif written is not None:
        say(f"{counted(written.changed, work.noun)} changed, {written.unchanged:,} as before.")
    elif manner.dry_run and plan.changes:
        say("Nothing was changed: this was a dry run.")
