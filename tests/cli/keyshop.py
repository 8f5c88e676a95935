"""A channel with application keys and instructions, whose stores are open to whoever says the password."""

from __future__ import annotations

import os

from pydantic import BaseModel, Field, SecretStr

from hub_core import (
    CONTRACT_VERSION,
    AuthorizationError,
    AuthorizationStep,
    ChannelInfo,
    Connection,
    Poll,
    Store,
    StoreIdentity,
    hookimpl,
)


class Settings(BaseModel):
    """Which store."""

    shop: str
    timezone: str = "UTC"


class Credentials(BaseModel):
    """What opens it."""

    user: str = Field(title="User")
    password: SecretStr = Field(title="Password")


class Application(BaseModel):
    """The hub's own keys."""

    public_key: str = Field(title="Public key")
    private_key: SecretStr = Field(title="Private key")


@hookimpl
def describe_channel() -> ChannelInfo:
    return ChannelInfo(
        key="keyshop",
        company="Key Shop",
        description="A shop with keys.",
        contract_version=CONTRACT_VERSION,
        settings=Settings,
        credentials=Credentials,
        application=Application,
        polls=(Poll.NEW,),
    )


@hookimpl
async def begin_authorization(connection: Connection, return_url: str, state: str) -> AuthorizationStep:
    url = os.environ.get("KEYSHOP_REDIRECTS_TO")
    return AuthorizationStep(method="redirect" if url else "token", instructions=("Ring the bell.",), url=url)


@hookimpl
async def check_store(store: Store) -> StoreIdentity:
    told = store.credentials_as(Credentials)
    if told.password.get_secret_value() != "sesame":
        raise AuthorizationError("The door stays shut; say the right password.")
    return StoreIdentity(
        key=store.settings_as(Settings).shop, name="Cave", currency="USD", missing_permissions=("Treasure",)
    )
