"""What a run did, in words."""

from typing import TYPE_CHECKING

from hub_core.cli.output import counted

if TYPE_CHECKING:
    from hub_core.domain.runs import Counts, Run

READ = {"orders": "order", "listings": "listing"}
"""What one thing is called that runs of each kind read."""


def outcome(run: "Run") -> str:
    """Say what it read, or what it told."""
    return _read(run.counts, READ[run.kind]) if run.kind in READ else _sent(run.counts, run.kind)


def _read(counts: "Counts", what: str) -> str:
    told = (
        f"{counted(counts.read, what)} read in {counted(counts.pages, 'page')}: {counts.created:,} new, "
        f"{counts.updated:,} changed, {counts.unchanged:,} as before"
    )
    return f"{told}, {counts.rejected:,} that could not be used" if counts.rejected else told


def _sent(counts: "Counts", kind: str) -> str:
    what = {"stock": "stock figure", "prices": "price", "fulfilment": "parcel"}[kind]
    if not counts.sent:
        told = f"no {what} to tell" if not counts.waiting else f"no {what} sent"
    else:
        told = f"{counted(counts.sent, what)} sent, {counts.accepted:,} accepted"
    for number, said in (
        (counts.refused, "refused"),
        (counts.submitted, "to be confirmed by the store later"),
        (counts.retried, "put off by the store"),
        (counts.waiting, "waiting"),
    ):
        told += f", {number:,} {said}" if number else ""
    return told
