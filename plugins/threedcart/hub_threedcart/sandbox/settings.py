"""The settings of a 3DCart store, as the API tells them and as the sandbox changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub_core.testing.store import SteeringError
from hub_threedcart.sandbox.shop import NOTHING_KINDS, ThreeDCartShop
from hub_threedcart.sandbox.statuses import DEFINITIONS, HIDDEN

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def store_settings(shop: ThreeDCartShop) -> dict[str, Any]:
    """Spell the answer of `GET /StoreSettings`."""
    return {
        "StoreInformation": {
            "StoreName": shop.title,
            "StoreSlogan": "",
            "StoreLogo": "",
            "StoreEmail": "store@example.com",
            "StoreURL": shop.address.replace("https://", "http://"),
            "StoreSecureURL": shop.address,
        },
        "MerchantInformation": {
            "Company": "Example Trading Co",
            "Address1": "1 Example Way",
            "Address2": "",
            "City": "Springfield",
            "State": "IL",
            "Country": "US",
            "ZipCode": "62704",
            "Phone": "555-0100",
            "AlternatePhone": "",
            "Fax": "",
            "InvoiceLogo": "",
            "InvoiceTerms": "",
        },
        "StoreStandards": {
            "StoreTimeZone": shop.timezone_text,
            "CurrencySymbol": _SYMBOLS.get(shop.currency, shop.currency),
            "DecimalPlacesOnPrice": "2",
            "CurrencyCode": shop.currency,
        },
    }


def order_statuses(shop: ThreeDCartShop) -> list[dict[str, Any]]:
    """Spell the answer of `GET /OrderStatus`."""
    return [
        {
            "OrderStatusID": number,
            "Sorting": place,
            "StatusDefinition": DEFINITIONS.get(number, f"Custom {number}"),
            "StatusText": label,
            "Visible": number not in HIDDEN,
        }
        for place, (number, label) in enumerate(sorted(shop.labels.items()), 1)
    ]


def change(shop: ThreeDCartShop, name: str, value: Any) -> None:
    """Change one setting; raise SteeringError where it does not exist or fit."""
    if name not in _CHANGES:
        known = ", ".join(sorted([*_CHANGES, "rate", "rights", "authorized", "retry_after", "restock"]))
        raise SteeringError(f"A store has no setting {name!r}, only {known}.")
    try:
        _CHANGES[name](shop, value)
    except (AttributeError, TypeError, ValueError) as error:
        raise SteeringError(f"{value!r} is no value for {name}.") from error


def description(shop: ThreeDCartShop) -> dict[str, Any]:
    """Tell how the store is set up."""
    return {
        "address": shop.address,
        "public_key": shop.public_key,
        "private_key": shop.private_key,
        "token": shop.token,
        "bearer": shop.bearer,
        **{name: getattr(shop, name) for name in _CHANGES if name not in ("token", "bearer")},
    }


def _text(name: str) -> Callable[[ThreeDCartShop, Any], None]:
    return lambda shop, value: setattr(shop, name, str(value))


def _set_labels(shop: ThreeDCartShop, value: Mapping[str, str | None]) -> None:
    """Rename statuses; None takes one out of the table."""
    labels = {**shop.labels, **{int(number): label for number, label in value.items()}}
    shop.labels = {number: str(label) for number, label in labels.items() if label is not None}


def _set_nothing(shop: ThreeDCartShop, value: str) -> None:
    if value not in NOTHING_KINDS:
        raise SteeringError(f"A store says that there is nothing in one of these ways: {', '.join(NOTHING_KINDS)}.")
    shop.nothing = value


def _set_empty_count(shop: ThreeDCartShop, value: bool) -> None:  # noqa: FBT001 - a value from JSON
    shop.empty_count = bool(value)


def _set_consents(shop: ThreeDCartShop, value: bool) -> None:  # noqa: FBT001 - a value from JSON
    shop.consents = bool(value)


def _set_page_cap(shop: ThreeDCartShop, value: int | None) -> None:
    shop.page_cap = None if value is None else max(1, int(value))


_CHANGES: Mapping[str, Callable[[ThreeDCartShop, Any], None]] = {
    "title": _text("title"),
    "currency": _text("currency"),
    "timezone_text": _text("timezone_text"),
    "callback_url": _text("callback_url"),
    "consents": _set_consents,
    "token": _text("token"),
    "bearer": _text("bearer"),
    "labels": _set_labels,
    "nothing": _set_nothing,
    "empty_count": _set_empty_count,
    "page_cap": _set_page_cap,
}
