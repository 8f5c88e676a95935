"""`hub report`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hub_core.cli.output import document, table, written
from hub_core.cli.running import AsJson, Since, Until, run

if TYPE_CHECKING:
    from hub_core.domain.reports import SalesRow
    from hub_core.hub import Hub

By = Literal["integration", "day", "sku"]


def report(
    by: Annotated[By, typer.Option("--by", help="What to have one row for.")] = "integration",
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Sum up orders, units and sales.

    Example: hub report --by day --since 7d

    Cancelled orders are left out, days are those of UTC, and each currency has rows of its own.
    """

    async def work(hub: "Hub") -> list["SalesRow"]:
        from hub_core.domain.reports import ReportBy

        return await hub.reports.sales(ReportBy(by), since, until)

    rows = run(work)
    if as_json:
        document(rows)
    else:
        table([_row(by, row) for row in rows], "No orders in that time.")


def _row(by: By, row: "SalesRow") -> dict[str, object]:
    removed = " (removed)" if row.removed else ""
    subject = {"integration": f"{row.integration}{removed} (id {row.integration_id})", "day": row.day, "sku": row.sku}
    return {by: subject[by], "orders": row.orders, "units": f"{row.units:f}", "sales": written(row.sales)}
