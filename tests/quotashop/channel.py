"""The quota shop's channel: its platform limits each store, and all stores of an application together."""

from __future__ import annotations

from pydantic import BaseModel, SecretStr

from hub_core import CONTRACT_VERSION, ChannelInfo, RateBudget, Store, StoreIdentity, hookimpl

OF_THE_STORE = RateBudget(depth=10, per_second=1)
OF_ALL_STORES = RateBudget(depth=15, per_second=2, scope="application")
REPORTS = RateBudget(name="reports", depth=2, per_second=0.5)


class QuotaShopSettings(BaseModel):
    """Where the shop is, and how its channel asks."""

    url: str
    name: str
    budget: str = "default"
    cost: int = 1


class QuotaShopCredentials(BaseModel):
    """What opens the shop."""

    password: SecretStr


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="quotashop",
        company="Quota Shop",
        description="A shop for tests.",
        contract_version=CONTRACT_VERSION,
        settings=QuotaShopSettings,
        credentials=QuotaShopCredentials,
        rate_budgets=(OF_ALL_STORES, OF_THE_STORE, REPORTS),
        store_key=lambda settings: settings.name,
    )


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    settings = store.settings_as(QuotaShopSettings)
    await store.http.request("GET", settings.url, budget=settings.budget, cost=settings.cost)
    return StoreIdentity(key=settings.name, currency="USD", timezone="UTC")
