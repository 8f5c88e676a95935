"""`hub prices`: what each SKU costs."""

import typer

from hub_core.cli.prices import changing, listing

app = typer.Typer(invoke_without_command=True)
app.callback()(listing.prices)
app.command("set", context_settings={"ignore_unknown_options": True})(changing.set_price)  # -3 is no option
app.command("import")(changing.import_prices)
