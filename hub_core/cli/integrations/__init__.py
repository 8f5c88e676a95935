"""`hub integrations`: the stores that the hub works for."""

import typer

from hub_core.cli.integrations import adding, changing, showing

app = typer.Typer(invoke_without_command=True)
app.callback()(showing.integrations)
app.command("add")(adding.add)
app.command("show")(showing.show)
app.command("verify")(showing.verify)
app.command("reauthorise")(adding.reauthorise)
app.command("rename")(changing.rename)
app.command("set")(changing.set_values)
app.command("enable")(changing.enable)
app.command("disable")(changing.disable)
app.command("remove")(changing.remove)
app.command("take-over-links")(changing.take_over_links)
