"""Saying what went wrong."""

from hub_core.cli.output import complain
from hub_core.domain.errors import HubError, InputError


def explain(error: HubError, about: str = "") -> None:
    """Say on standard error what went wrong, and which fields are wrong where the sentence does not name them."""
    sentence = str(error)
    complain(about + sentence)
    fields = error.fields if isinstance(error, InputError) else {}
    untold = {name: why for name, why in fields.items() if why not in sentence}
    if len(fields) > 1:
        for name, why in untold.items():
            complain(f"  {name}: {why}")
