"""`hub keys`: the keys that stored credentials are encrypted with."""

from typing import TYPE_CHECKING

import typer

from hub_core.cli.output import complain, counted, document, say
from hub_core.cli.running import AsJson, run

if TYPE_CHECKING:
    from hub_core.services.keys import Rotation

app = typer.Typer(help="Change the key that stored credentials are encrypted with.", no_args_is_help=True)

_ONE_KEY = (
    "To change the key, put a new one before the present one into HUB_SECRET_KEYS (NEW,PRESENT; where there is only a "
    "key file, its content is the present one) and rotate again."
)
_KEPT = "What cannot be read stays as it is, and can be read again once its key is back."


@app.callback()
def _keys() -> None:
    """Change the key that stored credentials are encrypted with."""


@app.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Encrypt all stored credentials and application keys with the first key.

    Example: HUB_SECRET_KEYS=NEW,OLD hub keys rotate

    It can be run at any time, also while the hub is at work, and again after it was broken off. Once it has said that
    nothing is left, the old key may be taken out of HUB_SECRET_KEYS.
    """
    rotation = run(lambda hub: hub.keys.rotate())
    if as_json:
        document(rotation)
    else:
        _tell(rotation)
    for one in rotation.unreadable:
        complain(f"Not encrypted anew: {one.name}. {one.sentence}")
    if rotation.unreadable:
        complain(_KEPT)
        raise typer.Exit(1)


def _tell(rotation: "Rotation") -> None:
    if rotation.anew:
        say(f"{counted(rotation.anew, 'secret')} encrypted anew with the first key, {rotation.already:,} already were.")
    elif rotation.already:
        say(f"All are encrypted with the first key already ({counted(rotation.already, 'secret')}). {_ONE_KEY}")
    elif not rotation.unreadable:
        say("Nothing is stored that would be encrypted.")
