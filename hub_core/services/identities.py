"""Whether the store that answered is the one that an integration stands for, and tells enough to be worked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.errors import ConflictError, InputError
from hub_core.services.checks import chosen
from hub_core.storage.integrations import IntegrationRepository

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy import Connection

    from hub_core.domain.integrations import StoreIdentity
    from hub_core.storage.integrations import IntegrationRow


def approved(
    connection: Connection, row: IntegrationRow, settings: BaseModel, told: StoreIdentity, *, moved: bool = False
) -> StoreIdentity:
    """Give the identity to store for what a store has *told* of itself.

    A zone or currency that it tells no longer stays as it was told last, for a right that was taken away changes
    neither. Raises ConflictError where it is another store than before or another integration's, InputError where
    zone or currency is not known. *moved* says that a person has confirmed that another store is the same, elsewhere.
    """
    if row.store is not None and row.store.key != told.key and not moved:
        raise ConflictError(
            f"These credentials belong to the store '{_named(told, row.store)}', but '{row.name}' is the "
            f"store '{_named(row.store, told)}'; add an integration of its own for the other store."
        )
    holder = IntegrationRepository(connection).connected_to(row.channel, told.key)
    if holder is not None and holder.id != row.id:
        raise held(told, holder.name)
    identity = told if row.store is None else _completed(told, row.store)
    _check_complete(settings, identity)
    return identity


def _named(store: StoreIdentity, other: StoreIdentity) -> str:
    """Name a store so that it can be told from another one, which may bear the same name."""
    if not store.name:
        return store.key
    return f"{store.name} ({store.key})" if store.name == other.name else store.name


def held(identity: StoreIdentity, holder: str) -> ConflictError:
    """Say that another integration has this store already."""
    return ConflictError(
        f"The store '{identity.name or identity.key}' is connected already, as '{holder}'; use that one or remove it."
    )


def _completed(told: StoreIdentity, before: StoreIdentity) -> StoreIdentity:
    last = {"timezone": told.timezone or before.timezone, "currency": told.currency or before.currency}
    return told.model_copy(update=last)


def _check_complete(settings: BaseModel, identity: StoreIdentity) -> None:
    """Refuse to go on without a zone and a currency: they are never guessed."""
    missing = {}
    if chosen("timezone", settings, identity) is None:
        told = f" (it says '{identity.timezone_hint}')" if identity.timezone_hint else ""
        missing["timezone"] = (
            f"The store does not name its time zone{told}; set it, for example timezone=America/New_York."
        )
    if chosen("currency", settings, identity) is None:
        missing["currency"] = "The store does not name its currency; set it, for example currency=USD."
    if missing:
        raise InputError(" ".join(missing.values()), fields=missing)
