"""What the merchant, the hub and the machine tell the plugin."""

from __future__ import annotations

import os
import re
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from hub_core import DIGITS, InputError, RateBudget

_TOKEN: Final = re.compile(r"[0-9A-Fa-f]{32}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,400}")
_NOT_IANA: Final = frozenset({"localtime", "posixrules", "Factory"})


def is_zone(name: str) -> bool:
    """Tell whether *name* is one of the IANA time zone database, exactly as written."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return name not in _NOT_IANA


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"'{name}' is no IANA time zone; give a name such as America/New_York")
    return name


def _currency(code: str) -> str:
    if code not in DIGITS:
        raise ValueError(f"'{code}' is no currency; give a code of ISO 4217 such as USD or EUR")
    return code


def _parts(address: str) -> SplitResult:
    return urlsplit(address if "://" in address else f"https://{address}")


def _host(address: str) -> str:
    """Give the host as the network knows it. Raises ValueError where there is none."""
    return (_parts(address).hostname or "").rstrip(".").encode("idna").decode("ascii").lower()


def _store_address(address: str) -> str:
    address = address.strip()
    problem = f"'{address}' is no store address; give it as the shop shows it, such as https://shop.example.com"
    try:
        parts, host = _parts(address), _host(address)
        port_fits = parts.port != 0
    except ValueError:
        raise ValueError(problem) from None
    plain = parts.scheme in ("http", "https") and parts.path in ("", "/") and not parts.query and not parts.fragment
    if not (host and plain and port_fits) or "@" in parts.netloc or re.search(r"[\s\\]", address):
        raise ValueError(problem)
    return address


def _secret(pattern: re.Pattern[str], sentence: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value().strip()
        if not pattern.fullmatch(text):
            raise ValueError(sentence)
        return SecretStr(text)

    return AfterValidator(check)


PrivateKey = Annotated[SecretStr, _secret(_KEY, "this is no key; copy it from the developer portal once more")]


class ThreeDCartSettings(BaseModel):
    """The store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_url: Annotated[str, AfterValidator(_store_address)] = Field(
        title="Store address",
        description="The secure address of the shop, as its owner sees it in the browser.",
        examples=["https://name.3dcartstores.com"],
    )
    timezone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None,
        title="Time zone",
        description="The IANA name of the zone in which the shop writes its times; needed if the shop tells none.",
        examples=["America/New_York"],
    )
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(
        default=None,
        title="Currency",
        description="The ISO 4217 code of the currency of the shop; needed if the shop tells none.",
        examples=["USD"],
    )
    api_version: Literal["v1", "v2"] = Field(
        default="v2", title="API version", description="The version of 3DCart's API; v2 unless 3DCart says otherwise."
    )
    write_parent_stock: bool = Field(
        default=True,
        title="Keep the stock of products with variants",
        description="Whether the hub writes the sum of the variants as the stock of their product. Without it the shop "
        "may show the product as sold out; switch it off if something else keeps that figure.",
    )

    @property
    def secure_url(self) -> str:
        """The address as it was given, in letters that an HTTP header can carry."""
        if self.store_url.isascii():
            return self.store_url
        parts = _parts(self.store_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{_host(self.store_url)}{port}"

    @property
    def store_key(self) -> str:
        """The one written form of the store's address: however it was typed, the same store has the same key."""
        port = _parts(self.store_url).port
        host = _host(self.store_url).removeprefix("www.")
        return host if port in (None, 80, 443) else f"{host}:{port}"


class ThreeDCartApplication(BaseModel):
    """The hub's own registration with 3DCart, the same for all stores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_key: str = Field(
        title="Public key",
        description="The public key of the app in 3DCart's developer portal; merchants paste it to let the app in.",
        pattern=r"^[\x21-\x7e]{1,400}$",
    )
    private_key: PrivateKey = Field(title="Private key", description="The private key that stands beside it.")


class ThreeDCartCredentials(BaseModel):
    """What opens one store: the token of the key headers, or an access token from OAuth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: Annotated[SecretStr, _secret(_TOKEN, "a token has 32 characters, 0 to 9 and A to F")] | None = Field(
        default=None,
        title="Token",
        description="The token that 3DCart made for this shop and this app: 32 characters, 0 to 9 and A to F.",
        json_schema_extra={"pattern": "^[0-9A-Fa-f]{32}$"},
    )
    access_token: Annotated[SecretStr, _secret(_KEY, "this is no access token; copy it once more")] | None = Field(
        default=None, title="Access token", description="Instead of a token: what 3DCart gave at the sign-in by OAuth."
    )
    private_key: PrivateKey | None = Field(
        default=None,
        title="Private key",
        description="Only for a shop that let in another app than the hub's own: the private key of that app.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> ThreeDCartCredentials:
        if (self.token is None) == (self.access_token is None):
            raise ValueError("give either a token or an access token")
        return self


class Environment(NamedTuple):
    """What the machine's administrator may set for all stores."""

    api_url: str
    oauth_url: str
    budget: RateBudget
    postback_url: str = ""

    def told(self) -> dict[str, str]:
        """Give the variables with their values in force."""
        budget = self.budget
        page = {"THREEDCART_POSTBACK_URL": self.postback_url} if self.postback_url else {}
        return {
            **page,
            "THREEDCART_API_URL": self.api_url,
            "THREEDCART_OAUTH_URL": self.oauth_url,
            "THREEDCART_RATE": f"{budget.depth}/{budget.per_second:g}" if budget.per_second else "0",
        }


def environment() -> Environment:
    """Read the plugin's environment variables. Raises InputError where one cannot be used."""
    return Environment(
        api_url=_address("THREEDCART_API_URL", "https://apirest.3dcart.com/3dCartWebAPI"),
        oauth_url=_address("THREEDCART_OAUTH_URL", "https://apirest.3dcart.com/oauth"),
        # The platform's bucket is 50 deep; 48 leaves room for requests that arrive closer together than they left.
        budget=_budget("THREEDCART_RATE", "48/2"),
        # A page of the operator's own, which 3DCart opens for the merchant once the hub has taken his grant.
        postback_url=_address("THREEDCART_POSTBACK_URL", ""),
    )


def _address(name: str, default: str) -> str:
    address = os.environ.get(name, "").strip() or default
    if address and not re.match(r"https?://[^/?#]", address):
        example = default or "https://hub.example.com/welcome"
        raise InputError(f"{name} is '{address}', which is no address; set it to one such as {example}.")
    return address.rstrip("/")


def _budget(name: str, default: str) -> RateBudget:
    text = os.environ.get(name, "").strip() or default
    if text == "0":
        return RateBudget(depth=1, per_second=0)
    match = re.fullmatch(r"([1-9][0-9]{0,5})/([0-9]{1,6}(?:\.[0-9]{1,6})?)", text)
    if match is None or not float(match[2]):
        raise InputError(f"{name} is '{text}'; set it to BURST/PER_SECOND such as {default}, or to 0 for no limit.")
    return RateBudget(depth=int(match[1]), per_second=float(match[2]))
