"""Taking a store's figures as the first levels."""

from typing import TYPE_CHECKING

from hub_core.cli.importing import DryRun
from hub_core.cli.output import complain, counted, document, say, table
from hub_core.cli.running import AsJson, Name, run

if TYPE_CHECKING:
    from hub_core.domain.adoptions import Adoption

_SHOWN = 100


def adopt(integration: Name, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take a store's figures as levels for SKUs that have none.

    Example: hub stock adopt "My shop" --dry-run

    It reads the store's orders, then what it has in stock. What is sold meanwhile is taken off.
    Levels that somebody set stay as they are.
    """
    adoption = run(lambda hub: hub.stock.adopt(integration, dry_run=dry_run))
    if as_json:
        document(adoption)
        return
    _print(adoption)
    levels = counted(len(adoption.levels), "level")
    done = f"would be taken from '{adoption.integration}'." if dry_run else f"taken from '{adoption.integration}'."
    say(f"{levels} {done} {'Nothing was changed: this was a dry run.' if dry_run else ''}".rstrip())


def _print(adoption: "Adoption") -> None:
    if adoption.levels:
        rows = [{"sku": sku, "level": f"{level:f}"} for sku, level in adoption.levels.items()]
        table(rows[:_SHOWN], "")
        if len(rows) > _SHOWN:
            say(f"… and {len(rows) - _SHOWN:,} more")
    for one in adoption.skipped[:_SHOWN]:
        complain(f"Listing {one.listing_id} ({one.sku or one.external_id}) is left out: {one.reason}")
    if len(adoption.skipped) > _SHOWN:
        complain(f"… and {len(adoption.skipped) - _SHOWN:,} more are left out")
