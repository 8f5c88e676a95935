"""What a platform's own part of a sandbox provides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from hub_core.testing.store.shop import Shop
from hub_core.testing.store.writes import Write


@dataclass(frozen=True)
class Wish:
    """An order that shall be placed, or how one shall change; what is None is made up, or stays.

    *status* is a word of `Sale.state` or the platform's own id, *members* are the platform's own names with the
    values they shall have, *missing* are names that shall be left out.
    """

    status: str | int | None = None
    placed_at: datetime | None = None
    key: int | None = None
    lines: Sequence[Mapping[str, Any]] = ()
    members: Mapping[str, Any] | None = None
    missing: Sequence[str] = ()
    tracking: str | None = None


AnyShop = TypeVar("AnyShop", bound=Shop)


class Wire(Protocol[AnyShop]):
    """How one platform spells requests, answers, orders and settings."""

    @property
    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Faults under a name of their own: a `kind` of the fault menu with its options."""

    def shop_of(self, request: Request, shops: Mapping[str, AnyShop]) -> AnyShop | None:
        """Find the store that *request* is for, whether or not it may have an answer."""

    def writes(self, request: Request, shop: AnyShop) -> Sequence[Write]:
        """List what *request* (its body is in `request.state.body`) would change; nothing if it is no such request."""

    def answer(self, request: Request, shop: AnyShop | None) -> Response:
        """Answer one request to the platform's API; `request.state.writes` are those that `writes` told."""

    def place(self, shop: AnyShop, wish: Wish) -> int:
        """Let an order come in; return its key."""

    def edit(self, shop: AnyShop, key: int, wish: Wish) -> None:
        """Change an order as somebody at the store would; raise KeyError where there is none."""

    def set_up(self, shop: AnyShop, name: str, value: Any) -> None:
        """Change one setting of the store; raise SteeringError where it does not exist or fit."""

    def describe(self, shop: AnyShop) -> Mapping[str, Any]:
        """Tell the platform's own settings of the store."""
