"""The platform itself: accounts in a region, codes, tokens that expire, and what it posts."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from hub_core.domain.clock import Clock, SystemClock
from tests.toyshop.shop import Shop

CLIENT_ID, CLIENT_SECRET = "hub-of-tests", "hush-client-secret"
LIFE = timedelta(hours=1)
_PLATFORMS: list[Platform] = []


@dataclass
class Account(Shop):
    """A shop on the platform.

    *renews* tells whether it still gives fresh tokens for old ones, *poses_as* which account it says that it is.
    """

    number: int = 7
    renews: bool = True
    codes: set[str] = field(default_factory=set)
    access: str = ""
    refresh: str = ""
    made: int = 0
    missing: tuple[str, ...] = ()
    poses_as: int | None = None
    renewals: int = 0
    before_renewal: Callable[[], Awaitable[None]] | None = None

    def code(self) -> str:
        """Let the merchant sign in: the code that he brings along counts once."""
        self.codes.add(code := f"code-{self.number}-{len(self.codes)}")
        return code

    def issue(self) -> tuple[str, str]:
        """Make fresh tokens; those before no longer open the shop."""
        self.made += 1
        self.access, self.refresh = f"access-{self.number}-{self.made:04}", f"refresh-{self.number}-{self.made:04}"
        return self.access, self.refresh

    def event(self, kind: str, **members: object) -> bytes:
        """Write what the platform posts."""
        told = {"client": CLIENT_ID, "event": kind, "region": "eu", "account": self.number, **members}
        return json.dumps(told).encode()

    def granted(self) -> bytes:
        """Write that the merchant lets the hub in, with fresh tokens."""
        access, refresh = self.issue()
        return self.event("granted", access=access, refresh=refresh)


@dataclass
class Platform:
    clock: Clock
    accounts: dict[int, Account] = field(default_factory=dict)

    def open(self, number: int = 7, **members: object) -> Account:
        account = Account(name=f"account {number}", number=number, **members)  # type: ignore[arg-type]
        self.accounts[number] = account
        return account


def new_platform(clock: Clock) -> Platform:
    _PLATFORMS[:] = [Platform(clock)]
    return _PLATFORMS[0]


def platform() -> Platform:
    """Give the platform; a process of its own has one with an account that a merchant has just signed in to."""
    if not _PLATFORMS:
        _PLATFORMS.append(Platform(SystemClock()))
        _PLATFORMS[0].open(7).code()
    return _PLATFORMS[0]
