"""`hub stock`: how much there is of each SKU."""

import typer

from hub_core.cli.stock import adopting, changing, explaining, importing, listing

_NEGATIVE = {"ignore_unknown_options": True}
"""So that -3 is a number and no option."""

app = typer.Typer(invoke_without_command=True)
app.callback()(listing.stock)
app.command("set", context_settings=_NEGATIVE)(changing.set_level)
app.command("adjust", context_settings=_NEGATIVE)(changing.adjust)
app.command("import")(importing.import_levels)
app.command("explain")(explaining.explain)
app.command("adopt")(adopting.adopt)
