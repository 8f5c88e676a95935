"""Who a store is, and which rights it grants."""

from __future__ import annotations

from hub_core import DIGITS, AuthorizationError, PermissionMissingError, Store, StoreIdentity
from hub_threedcart.client import StoreClient
from hub_threedcart.settings import ThreeDCartSettings, is_zone
from hub_threedcart.wire import WireSettings

_COUNTED = ("Orders", "Products")


async def identify(store: Store) -> StoreIdentity:
    """Ask the store for all that the hub will need, by requests that change nothing.

    The key is the address that the merchant gave: it stays the same whatever rights come and go. Raises
    AuthorizationError where the store refuses everything, which is how wrong credentials look.
    """
    client = StoreClient(store)
    told, missing = WireSettings(), []
    try:
        told = await client.settings()
    except (AuthorizationError, PermissionMissingError):
        missing.append("StoreSettings: read")
    for resource in _COUNTED:
        try:
            await client.count(resource, {})
        except (AuthorizationError, PermissionMissingError):
            missing.append(f"{resource}: read")
    if len(missing) > len(_COUNTED):
        raise AuthorizationError(
            "The store refuses the hub. Either the token, the private key or the store address is wrong, or the app "
            "has none of the rights that it needs: copy the token once more, or grant the app to read Orders, "
            "Products and StoreSettings, and to write Orders and Products."
        )
    missing += [f"{resource}: write" for resource in _COUNTED if not await client.may_write(resource)]
    return _identity(store.settings_as(ThreeDCartSettings), told, tuple(missing))


def _identity(settings: ThreeDCartSettings, told: WireSettings, missing: tuple[str, ...]) -> StoreIdentity:
    information, zone = told.store_information, told.store_standards.store_time_zone.strip()
    currency = told.store_standards.currency_code.strip().upper()
    known = is_zone(zone)
    return StoreIdentity(
        key=settings.store_key,
        account=information.store_secure_url.strip() or settings.secure_url,
        name=information.store_name.strip() or told.merchant_information.company.strip() or settings.store_key,
        currency=currency if currency in DIGITS else None,
        timezone=zone if known else None,
        timezone_hint="" if known else zone,
        missing_permissions=missing,
    )
