"""Saying how runs ended: a line for each, and what somebody must look at on standard error."""

import sys
from typing import TYPE_CHECKING

from hub_core.cli.outcomes import READ, outcome
from hub_core.cli.output import complain, counted, say
from hub_core.cli.running import command
from hub_core.cli.syncing.rounds import Ended

if TYPE_CHECKING:
    from hub_core.domain.listings import StoredListing


def tell(ended: Ended) -> None:
    """Say how a run ended; what failed was told already where it gave no run."""
    if ended.run is not None:
        say(f"{ended.integration.name}: {outcome(ended.run)}")
        sys.stdout.flush()
    tell_failure(ended)


def tell_failure(ended: Ended) -> None:
    """Say what went wrong with a run."""
    run, name = ended.run, ended.integration.name
    if run is None:
        return
    if run.counts.rejected:
        complain(
            f"{name}: {counted(run.counts.rejected, READ.get(run.kind, 'thing'))} could not be used; see: "
            + command("rejects", "--integration", name)
        )
    for listing in ended.stuck:
        complain(f"{name}: {_reason(listing, run.kind)}")
    for parcel in ended.unknown:
        complain(f"{name}: {parcel.reason}")
    if run.error is not None:
        complain(f"{name}: {run.error.sentence}")
    if run.state == "stopped":
        complain(f"{name}: The run was stopped before its end; run it again to go on.")


def _reason(listing: "StoredListing", kind: str) -> str:
    figure = listing.prices if kind == "prices" else listing.stock
    if figure is None:
        return ""
    held = figure.waiting == "confirmation"
    next_step = f" To send it: {command('listings', 'confirm', listing.id)}" if held else ""
    return f"Listing {listing.id} ({listing.sku or listing.external_id}): {figure.reason}{next_step}"
