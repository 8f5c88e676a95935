"""The hub: takes in the orders of all shops of a merchant, and tells every shop the true stock and price.

The names below are the whole public surface: for programs (`Hub`) and for channel plugins (the rest). They are
imported when first used, so that `hub --help` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub_core.channels.callbacks import CallbackAnswer as CallbackAnswer
    from hub_core.channels.callbacks import CallbackRequest as CallbackRequest
    from hub_core.channels.callbacks import Grant as Grant
    from hub_core.channels.callbacks import Revocation as Revocation
    from hub_core.channels.hookspecs import hookimpl as hookimpl
    from hub_core.channels.http import StoreHttp as StoreHttp
    from hub_core.channels.listing_pages import ListingPage as ListingPage
    from hub_core.channels.pages import Cursor as Cursor
    from hub_core.channels.pages import OrderPage as OrderPage
    from hub_core.channels.pages import Record as Record
    from hub_core.channels.response import Answer as Answer
    from hub_core.channels.store import Connection as Connection
    from hub_core.channels.store import Store as Store
    from hub_core.domain.budget import RateBudget as RateBudget
    from hub_core.domain.channels import CONTRACT_VERSION as CONTRACT_VERSION
    from hub_core.domain.channels import AuthorizationStep as AuthorizationStep
    from hub_core.domain.channels import ChannelInfo as ChannelInfo
    from hub_core.domain.currencies import DIGITS as DIGITS
    from hub_core.domain.errors import AuthorizationError as AuthorizationError
    from hub_core.domain.errors import BudgetError as BudgetError
    from hub_core.domain.errors import ChannelError as ChannelError
    from hub_core.domain.errors import ConflictError as ConflictError
    from hub_core.domain.errors import CursorExpiredError as CursorExpiredError
    from hub_core.domain.errors import HubError as HubError
    from hub_core.domain.errors import InputError as InputError
    from hub_core.domain.errors import NotFoundError as NotFoundError
    from hub_core.domain.errors import NotReadyError as NotReadyError
    from hub_core.domain.errors import PermissionMissingError as PermissionMissingError
    from hub_core.domain.errors import PluginError as PluginError
    from hub_core.domain.errors import PrivateNetworkError as PrivateNetworkError
    from hub_core.domain.errors import RejectedError as RejectedError
    from hub_core.domain.errors import ResponseError as ResponseError
    from hub_core.domain.errors import UnavailableError as UnavailableError
    from hub_core.domain.events import Event as Event
    from hub_core.domain.fulfilments import Fulfilment as Fulfilment
    from hub_core.domain.fulfilments import FulfilmentLine as FulfilmentLine
    from hub_core.domain.integrations import Flow as Flow
    from hub_core.domain.integrations import IntegrationChange as IntegrationChange
    from hub_core.domain.integrations import StoreIdentity as StoreIdentity
    from hub_core.domain.listings import Listing as Listing
    from hub_core.domain.money import Money as Money
    from hub_core.domain.money import money as money
    from hub_core.domain.orders import Address as Address
    from hub_core.domain.orders import Buyer as Buyer
    from hub_core.domain.orders import ChannelStatus as ChannelStatus
    from hub_core.domain.orders import Comment as Comment
    from hub_core.domain.orders import Discount as Discount
    from hub_core.domain.orders import FulfilledBy as FulfilledBy
    from hub_core.domain.orders import LineOption as LineOption
    from hub_core.domain.orders import Order as Order
    from hub_core.domain.orders import OrderLine as OrderLine
    from hub_core.domain.orders import OrderStatus as OrderStatus
    from hub_core.domain.orders import Payment as Payment
    from hub_core.domain.orders import Shipment as Shipment
    from hub_core.domain.orders import Tax as Tax
    from hub_core.domain.polls import Poll as Poll
    from hub_core.domain.polls import Window as Window
    from hub_core.domain.pushes import Accepted as Accepted
    from hub_core.domain.pushes import OpenReceipt as OpenReceipt
    from hub_core.domain.pushes import Outcome as Outcome
    from hub_core.domain.pushes import PriceChange as PriceChange
    from hub_core.domain.pushes import Refused as Refused
    from hub_core.domain.pushes import RetryLater as RetryLater
    from hub_core.domain.pushes import Sibling as Sibling
    from hub_core.domain.pushes import StockChange as StockChange
    from hub_core.domain.pushes import StockChanges as StockChanges
    from hub_core.domain.pushes import Submitted as Submitted
    from hub_core.domain.webhooks import Hints as Hints
    from hub_core.domain.webhooks import Subscription as Subscription
    from hub_core.hub import Hub as Hub

_HOMES = {
    "hub_core.channels.callbacks": "CallbackAnswer CallbackRequest Grant Revocation",
    "hub_core.channels.hookspecs": "hookimpl",
    "hub_core.channels.http": "StoreHttp",
    "hub_core.channels.listing_pages": "ListingPage",
    "hub_core.channels.pages": "Cursor OrderPage Record",
    "hub_core.channels.response": "Answer",
    "hub_core.channels.store": "Connection Store",
    "hub_core.domain.budget": "RateBudget",
    "hub_core.domain.channels": "CONTRACT_VERSION AuthorizationStep ChannelInfo",
    "hub_core.domain.currencies": "DIGITS",
    "hub_core.domain.errors": "AuthorizationError BudgetError ChannelError ConflictError CursorExpiredError HubError "
    "InputError NotFoundError NotReadyError PermissionMissingError PluginError PrivateNetworkError RejectedError "
    "ResponseError UnavailableError",
    "hub_core.domain.events": "Event",
    "hub_core.domain.fulfilments": "Fulfilment FulfilmentLine",
    "hub_core.domain.integrations": "Flow IntegrationChange StoreIdentity",
    "hub_core.domain.listings": "Listing",
    "hub_core.domain.money": "Money money",
    "hub_core.domain.orders": "Address Buyer ChannelStatus Comment Discount FulfilledBy LineOption Order OrderLine "
    "OrderStatus Payment Shipment Tax",
    "hub_core.domain.polls": "Poll Window",
    "hub_core.domain.pushes": "Accepted OpenReceipt Outcome PriceChange Refused RetryLater Sibling StockChange "
    "StockChanges Submitted",
    "hub_core.domain.webhooks": "Hints Subscription",
    "hub_core.hub": "Hub",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605 - made of the table above, and a test holds it against the imports


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOME_OF:
        message = f"module 'hub_core' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
