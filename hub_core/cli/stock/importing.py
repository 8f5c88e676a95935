"""Importing stock levels."""

from typing import TYPE_CHECKING

from hub_core.cli.importing import DecimalMark, DryRun, File, Import, Manner, Yes, carry_out, mark_of
from hub_core.cli.running import AsJson
from hub_core.cli.stock.changing import AfterEvent

if TYPE_CHECKING:
    from hub_core.domain.plans import Plan
    from hub_core.domain.stock import Written
    from hub_core.hub import Hub

_NAMED = 5


def import_levels(
    *,
    file: File,
    dry_run: DryRun = False,
    yes: Yes = False,
    after_event: AfterEvent = None,
    decimal: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Set levels from a CSV file, all or none.

    Example: hub stock import stock.csv --dry-run

    Its first line names the columns, one for the SKU and one for the quantity, as they are usually
    called in any language of Europe. Commas, semicolons, tabs or bars may divide the cells. It shows
    what will change and asks first. What is sold meanwhile is taken off.
    """
    from hub_core.services.sheets import read_levels

    manner = Manner(dry_run, yes, as_json)
    sheet = read_levels(file, decimal=mark_of(decimal))
    manner.check()

    notes = list(sheet.notes)

    async def plan(hub: "Hub") -> "Plan":
        planned = await hub.stock.plan(sheet.levels, after_event=after_event)
        unheard = await hub.listings.unheard([one.sku for one in planned.changes if one.before is None])
        if unheard:
            notes.append(f"New to the hub, and no store lists them: {_named(unheard)}.")
        return planned

    async def write(hub: "Hub", plan: "Plan") -> "Written":
        event = plan.event if after_event is None else after_event
        return await hub.stock.set_all(sheet.levels, after_event=event)

    carry_out(Import("level", plan, write, sheet.ignored, notes), manner)


def _named(skus: list[str]) -> str:
    told = ", ".join(skus[:_NAMED])
    return told if len(skus) <= _NAMED else f"{told} and {len(skus) - _NAMED:,} more"
