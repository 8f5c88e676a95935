"""`hub database`: the tables themselves."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hub_core.cli.output import complain, document, say
from hub_core.cli.running import AsJson
from hub_core.domain.errors import InputError, SettingsError

if TYPE_CHECKING:
    from hub_core.storage.database import Database

app = typer.Typer(help="Upgrade, copy and check the database.", no_args_is_help=True)

Result = TypeVar("Result")


@app.command("upgrade")
def upgrade(as_json: AsJson = False) -> None:
    """Bring the tables to the version of this hub.

    Example: hub database upgrade

    An SQLite file is copied first.
    """
    from hub_core.storage import schema

    version = _with_database(schema.upgrade)
    if as_json:
        document({"migration": version})
    else:
        say(f"The database is at migration {version}.")


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet.", metavar="FILE", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Copy the database while the hub is at work.

    Example: hub database backup hub-copy.db

    PostgreSQL is copied with pg_dump.
    """
    from hub_core.storage import schema

    _with_database(lambda database: schema.backup(database, file), must_exist=True)
    if as_json:
        document({"backup": str(file)})
    else:
        say(f"The database is copied to {file}. The key file is not in it; keep a copy of that one elsewhere.")


@app.command("check")
def check(as_json: AsJson = False) -> None:
    """Look for damage in the database.

    Example: hub database check
    """
    from hub_core.storage import schema

    def look(database: "Database") -> list[str]:
        schema.prepare(database)
        return schema.check(database)

    damage = _with_database(look, must_exist=True)
    if as_json:
        document({"ok": not damage, "damage": damage})
    elif not damage:
        say("The database is sound.")
    if damage:
        complain(f"The database is damaged: {'; '.join(damage)}. Restore the last backup.")
        raise typer.Exit(1)


def _with_database(work: "Callable[[Database], Result]", *, must_exist: bool = False) -> Result:
    """Do *work* with the database as it is: the hub itself would refuse one of another version."""
    from hub_core.domain.clock import SystemClock
    from hub_core.settings import HubSettings
    from hub_core.storage.database import Database, parse_url

    url = HubSettings.load().url
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        _check_file(Path(str(parsed.database)), must_exist)
    database = Database(url, SystemClock())
    try:
        return work(database)
    finally:
        asyncio.run(database.close())


def _check_file(file: Path, must_exist: bool) -> None:
    if must_exist and not file.is_file():
        raise InputError(f"There is no database {file} yet; check HUB_DATABASE_URL and HUB_HOME.")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {file.parent} cannot be made ({error.strerror}); "
            "choose another with HUB_HOME or HUB_DATABASE_URL."
        ) from error
