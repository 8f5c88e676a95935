"""What services write down of the changes that somebody makes, so that each needs one line for it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from hub_core.channels.redaction import BLANK, secret_fields
from hub_core.domain.audit import NewAudit, Subject, difference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from hub_core.domain.integrations import Integration
    from hub_core.storage.integrations import IntegrationRow

SHOWN: Final = 20
"""How many figures of one change are written down one by one; its events tell of all of them."""

Figure = tuple[str, str | None, str | None]
"""What it is of, and what it was before and is now."""


def of(row: Integration | IntegrationRow) -> Subject:
    """Name an integration."""
    return Subject("integration", row.id, row.name)


def of_reject(reject_id: int, external_id: str | None) -> Subject:
    """Name a reject."""
    return Subject("reject", reject_id, external_id or "")


def shown_settings(model: type[BaseModel] | None, settings: dict[str, Any]) -> dict[str, Any]:
    """Give settings with every secret blanked; of a channel that is not there, nobody knows which are secret."""
    if model is None:
        return dict.fromkeys(settings, BLANK)
    return settings | dict.fromkeys((name for name in secret_fields(model) if name in settings), BLANK)


def configured(row: IntegrationRow, model: type[BaseModel] | None) -> dict[str, Any]:
    """Give what a person has chosen for an integration, and which store it stands for."""
    settings, rules = shown_settings(model, row.settings), row.rules.model_dump(mode="json")
    return {
        **{f"settings.{name}": value for name, value in settings.items()},
        **{f"rules.{name}": value for name, value in rules.items()},
        "store": None if row.store is None else row.store.key,
    }


def changed(action: str, subject: Subject, before: dict[str, Any], after: dict[str, Any]) -> NewAudit | None:
    """Tell what differs between two states; None where nothing does."""
    old, new = difference(before, after)
    return None if old is None and new is None else NewAudit(action, subject, old, new)


def of_figures(action: str, figures: Iterable[Figure], numbers: range) -> NewAudit:
    """Tell of many figures that changed at once, by the events with these *numbers*: the first ones, and how many."""
    first = list(islice(figures, SHOWN))
    name = first[0][0] if len(numbers) == 1 else f"{len(numbers)} SKUs"
    counted = {"changed": len(numbers), "events": [numbers[0], numbers[-1]]}
    before = {sku: old for sku, old, _ in first}
    after = {sku: new for sku, _, new in first}
    subject = Subject(action.partition(".")[0], first[0][0] if len(numbers) == 1 else None, name)
    return NewAudit(action, subject, {"figures": before}, {"figures": after, **counted})
