"""What a hook is handed: the way to a store, before and after it is authorised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hub_core.channels.http import StoreHttp

Model = TypeVar("Model", bound="BaseModel")


def _as(value: BaseModel | None, model: type[Model], what: str) -> Model:
    if not isinstance(value, model):
        message = f"the channel asked for its {what} as {model.__name__}, but it declared {type(value).__name__}"
        raise TypeError(message)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The way to a store that is not authorised yet: the hub's application, the merchant's settings, HTTP.

    There are no settings where a platform calls the hub, and it is not known yet which store is meant.
    """

    http: StoreHttp
    settings: BaseModel | None
    application: BaseModel | None = None

    def settings_as(self, model: type[Model]) -> Model:
        """Give the settings as the channel's own *model*."""
        return _as(self.settings, model, "settings")

    def application_as(self, model: type[Model]) -> Model:
        """Give the hub's application keys as the channel's own *model*."""
        return _as(self.application, model, "application")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Connection):
    """The way to an authorised store.

    *timezone* and *currency* are the merchant's choice, else what the store told; both are None only while the
    store is verified for the first time.
    """

    settings: BaseModel
    credentials: BaseModel
    timezone: ZoneInfo | None = None
    currency: str | None = None

    def credentials_as(self, model: type[Model]) -> Model:
        """Give the credentials as the channel's own *model*."""
        return _as(self.credentials, model, "credentials")
