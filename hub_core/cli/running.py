"""What commands have in common: opening the hub, and the options that many take."""

import os
import shlex
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hub_core.cli.times import parse_when

if TYPE_CHECKING:
    from hub_core.hub import Hub

Result = TypeVar("Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.", metavar="K")]
Name = Annotated[str, typer.Argument(help="Its name or id.", metavar="INTEGRATION", show_default=False)]
OfIntegration = Annotated[
    str | None, typer.Option("--integration", help="Only of this one, by name or id.", metavar="N", show_default=False)
]
Since = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        parser=parse_when,
        metavar="WHEN",
        help="Only from then on: a day, a time, 12h, 2d, today.",
        show_default=False,
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        "--until", parser=parse_when, metavar="WHEN", help="Only before then, written likewise.", show_default=False
    ),
]


def run(work: "Callable[[Hub], Awaitable[Result]]") -> Result:
    """Open the hub of the settings, do *work* and close it again."""
    import asyncio

    from hub_core.domain.acting import Actor, ActorKind, acting
    from hub_core.engine.allocator import keep_memory
    from hub_core.engine.collector import ease_collector
    from hub_core.hub import Hub

    quiet()
    keep_memory()
    ease_collector()

    async def whole() -> Result:
        async with Hub.open() as hub:
            return await work(hub)

    with acting(Actor(ActorKind.COMMAND, _user())):
        return asyncio.run(whole())


def _user() -> str:
    """Name the operating system's user, or give his number where he has no name."""
    try:
        import pwd
    except ImportError:  # there is none on Windows
        import getpass

        return getpass.getuser()
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def quiet() -> None:
    """Keep the log off the terminal: what matters to a person is told in a sentence."""
    import logging

    logging.getLogger("hub_core").addHandler(logging.NullHandler())


async def identify(hub: "Hub", integration: str | None) -> int | None:
    """Give the id of the integration that a person named. Raises NotFoundError with those there are."""
    return None if integration is None else (await hub.integrations.get(integration)).id


async def names_of(hub: "Hub") -> dict[int, str]:
    """Give the names of all integrations by id, also of those removed."""
    return {one.id: one.name for one in (*await hub.integrations.list(removed=True), *await hub.integrations.list())}


def command(*words: object) -> str:
    """Write a command so that it can be pasted into a shell."""
    return shlex.join(["hub", *map(str, words)])


def alone(context: typer.Context) -> bool:
    """Tell whether a noun stands without a verb; before a verb, an option would be lost, so it is refused."""
    if context.invoked_subcommand is None:
        return True
    for parameter in context.command.params:
        if context.params.get(parameter.name or "") != parameter.get_default(context):
            message = f"put it behind '{context.invoked_subcommand}', where it belongs."
            raise typer.BadParameter(message, param_hint=parameter.opts[0])
    return False
