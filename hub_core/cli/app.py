"""All commands, in the order in which `hub --help` lists them."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from hub_core.cli import (
    application,
    audit,
    channels,
    database,
    demo,
    events,
    integrations,
    keys,
    listings,
    orders,
    prices,
    rejects,
    report,
    runs,
    serve,
    settings,
    status,
    stock,
    tokens,
    worker,
)
from hub_core.cli.syncing.command import sync


class TopLevel(TyperGroup):
    """Lists the commands as a newcomer needs them, and says what is wrong with a value as a sentence."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: self.commands[name] for name in COMMANDS}

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # as pydantic begins what Typer says
            raise


COMMANDS: dict[str, Callable[..., None] | typer.Typer] = {
    "demo": demo.demo,
    "channels": channels.channels,
    "application": application.app,
    "integrations": integrations.app,
    "sync": sync,
    "orders": orders.app,
    "stock": stock.app,
    "prices": prices.app,
    "listings": listings.app,
    "rejects": rejects.app,
    "runs": runs.runs,
    "events": events.events,
    "audit": audit.audit,
    "status": status.status,
    "report": report.report,
    "serve": serve.serve,
    "worker": worker.worker,
    "tokens": tokens.app,
    "keys": keys.app,
    "database": database.app,
    "settings": settings.settings,
}

app = typer.Typer(
    name="hub",
    cls=TopLevel,
    help="Take in the orders of all shops of a merchant, and tell them stock and prices. Every command has --help.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help costs a third of the time of a coloured one
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

for name, made in COMMANDS.items():
    if isinstance(made, typer.Typer):
        app.add_typer(made, name=name)
    else:
        app.command(name)(made)
