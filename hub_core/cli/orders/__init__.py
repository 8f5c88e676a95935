"""`hub orders`: the orders that the hub holds."""

import typer

from hub_core.cli.orders import erasing, exporting, listing, shipping, showing

app = typer.Typer(invoke_without_command=True)
app.callback()(listing.orders)
app.command("show")(showing.show)
app.command("export")(exporting.export)
app.command("ship")(shipping.ship)
app.command("fulfilments")(shipping.fulfilments)
app.command("settle")(shipping.settle)
app.command("erase")(erasing.erase)
