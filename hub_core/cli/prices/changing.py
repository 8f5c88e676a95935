"""Setting and importing prices."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.importing import DecimalMark, DryRun, File, Import, Manner, Yes, carry_out, mark_of
from hub_core.cli.output import document, say, written
from hub_core.cli.running import AsJson, run
from hub_core.cli.stock.changing import Sku

if TYPE_CHECKING:
    from hub_core.domain.plans import Plan
    from hub_core.domain.stock import Written
    from hub_core.hub import Hub


def set_price(
    sku: Sku,
    amount: Annotated[str, typer.Argument(help="Such as 12.50.", metavar="AMOUNT", show_default=False)],
    currency: Annotated[str, typer.Argument(help="Such as USD.", metavar="CURRENCY", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say what a SKU costs in a currency.

    Example: hub prices set SHIRT-M 12.50 USD
    """
    from hub_core.domain.money import money
    from hub_core.services.prices import price_of

    price = price_of(sku, amount, currency)
    done = run(lambda hub: hub.prices.set([(sku, price)]))
    if as_json:
        document(done)
    else:
        told = written(money(price.amount, price.currency))
        say(f"{sku.strip()}: {told} {'from now on.' if done.changed else 'as before; nothing was changed.'}")


def import_prices(
    *,
    file: File,
    currency: Annotated[
        str | None,
        typer.Option("--currency", metavar="C", help="Of all prices, where no column tells it.", show_default=False),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    decimal: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Set prices from a CSV file, all or none.

    Example: hub prices import prices.csv --currency USD

    Its first line names the columns, one for the SKU, one for the price and, unless --currency says
    it, one for the currency. It shows what will change and asks first.
    """
    from hub_core.services.sheets import read_prices

    manner = Manner(dry_run, yes, as_json)
    sheet = read_prices(file, currency=currency, decimal=mark_of(decimal))
    manner.check()
    prices = [(sku, price) for (sku, _), price in sheet.prices.items()]

    async def plan(hub: "Hub") -> "Plan":
        return await hub.prices.plan(prices)

    async def write(hub: "Hub", _: "Plan") -> "Written":
        return await hub.prices.set_all(prices)

    carry_out(Import("price", plan, write, sheet.ignored, sheet.notes), manner)
