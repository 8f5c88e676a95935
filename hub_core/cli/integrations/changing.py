"""Changing and removing integrations."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli import fields
from hub_core.cli.integrations.adding import Rules, Settings
from hub_core.cli.integrations.showing import print_integration
from hub_core.cli.output import complain, document, say
from hub_core.cli.running import AsJson, Name, command, run
from hub_core.domain.errors import InputError

if TYPE_CHECKING:
    from hub_core.domain.integrations import Integration
    from hub_core.hub import Hub


def rename(
    integration: Name,
    name: Annotated[str, typer.Argument(help="The new name.", metavar="NAME", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Give an integration another name.

    Example: hub integrations rename "My shop" "My old shop"
    """
    one = run(lambda hub: hub.integrations.rename(integration, name))
    _told(one, f"It is called '{one.name}' now.", as_json)


def set_values(
    integration: Name,
    settings: Settings = None,
    rules: Rules = None,
    same_store: Annotated[
        bool, typer.Option("--same-store", help="Confirm that the store is the same, at another address.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change settings and rules.

    Example: hub integrations set "My shop" --set timezone=America/New_York --rule order_interval=30

    An empty value puts one back to its default. Settings of a connected store are tried there first;
    where the store has moved, --same-store says that it is still the same.
    """
    chosen, ruled = fields.changes(settings or (), "--set"), fields.changes(rules or (), "--rule")
    if not chosen and not ruled:
        raise typer.BadParameter("name what to change with --set KEY=VALUE or --rule KEY=VALUE.", param_hint="--set")
    one = run(
        lambda hub: hub.integrations.change(
            integration, settings=chosen or None, rules=ruled or None, same_store=same_store
        )
    )
    if as_json:
        document(one)
    else:
        print_integration(one)


FlowOption = Annotated[
    str | None,
    typer.Option(
        "--flow", metavar="F", help="Only its orders, listings, stock, prices or fulfilment.", show_default=False
    ),
]


def enable(integration: Name, flow: FlowOption = None, as_json: AsJson = False) -> None:
    """Let an integration, or one flow of it, work again from where it stopped.

    Example: hub integrations enable "My shop" --flow orders
    """
    one = run(lambda hub: hub.integrations.enable(integration, flow=flow))
    what = f"'{one.name}' is enabled." if flow is None else f"The {flow} flow of '{one.name}' is switched on."
    _told(one, f"{what} {one.health.sentence}", as_json)


def disable(integration: Name, flow: FlowOption = None, as_json: AsJson = False) -> None:
    """Stop all work of an integration, or one flow of it.

    Example: hub integrations disable "My shop" --flow stock
    """
    one = run(lambda hub: hub.integrations.disable(integration, flow=flow))
    if flow is None:
        said = f"'{one.name}' is disabled: its store is neither read nor told anything until it is enabled."
    elif flow == "orders":
        said = f"The orders of '{one.name}' are switched off; what is sold there is unknown to the hub until then."
    else:
        said = f"The {flow} flow of '{one.name}' is switched off."
    _told(one, said, as_json)


def remove(
    integration: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove an integration; its orders stay.

    Example: hub integrations remove "My shop"

    It says what that does and asks first.
    """
    preview = run(lambda hub: hub.integrations.removal(integration))
    complain(preview.sentence)
    if not (yes or _confirmed(integration)):
        complain("Nothing was removed.")
        raise typer.Exit(1)
    one = run(lambda hub: _remove(hub, integration))
    if as_json:
        document({"removed": one.id, "name": one.name, "orders_kept": preview.orders})
    else:
        say(f"'{one.name}' is removed.")


def take_over_links(
    integration: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say only what would be taken over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take over the links of a store that was removed and is connected anew.

    Example: hub integrations take-over-links "My shop" --dry-run

    Links that people had made or cut before are made and cut again; what was decided since stays.
    """
    found = run(lambda hub: hub.integrations.take_over_links(integration, dry_run=dry_run))
    if as_json:
        document(found)
    elif found.linked or found.cut:
        done = "would be" if dry_run else "are"
        say(f"{found.linked} listings {done} linked and {found.cut} cut off, as people had decided before.")
    else:
        say("There is nothing to take over: no listing that is there now had been linked or cut off by a person.")


async def _remove(hub: "Hub", integration: str) -> "Integration":
    """Remove one, and give it as it was."""
    one = await hub.integrations.get(integration)
    await hub.integrations.remove(one.id)
    return one


def _confirmed(integration: str) -> bool:
    if not sys.stdin.isatty():
        confirmed = command("integrations", "remove", integration, "--yes")
        raise InputError(f"Nothing was removed, since nobody can be asked here; run: {confirmed}")
    return fields.confirmed("Remove it?")


def _told(one: "Integration", sentence: str, as_json: bool) -> None:
    if as_json:
        document(one)
    else:
        say(sentence)
