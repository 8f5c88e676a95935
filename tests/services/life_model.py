"""The life of integrations, plainly: what the state machines of all databases, and over HTTP, compare the hub with."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

AWAITING, CONNECTED, REFUSED = "awaiting_authorization", "connected", "needs_reauthorization"
NOTHING = Decimal(0)


@dataclass
class ModelIntegration:
    """An integration; *holds* numbers the tokens that it was given, *state* is the sign-in that may be answered."""

    id: int
    name: str
    store: str
    connection: str = AWAITING
    enabled: bool = True
    off: set[str] = field(default_factory=set)
    was_connected: bool = False
    removed: bool = False
    leaving: bool = False
    holds: int = 0
    state: str | None = None

    @property
    def works(self) -> bool:
        """Tell whether requests may leave for it."""
        return not self.removed and self.enabled and self.connection == CONNECTED

    @property
    def code(self) -> str | None:
        """Why all of it stands still, None where it does not."""
        if self.removed:
            return "removed"
        if self.connection != CONNECTED:
            return self.connection
        return None if self.enabled else "disabled"


@dataclass
class ModelOrder:
    """What the hub was shown last of a remote order, whichever identity was shown it."""

    history: bool
    taken: Decimal = NOTHING


@dataclass
class ModelStore:
    """A store as one identity that is never interrupted sees it; *is_read* tells whether its baseline is complete."""

    orders: dict[str, ModelOrder] = field(default_factory=dict)
    is_read: bool = False

    def see(self, key: str, wanted: Decimal) -> None:
        """The hub is shown an order that wants so many units."""
        order = self.orders.setdefault(key, ModelOrder(history=not self.is_read))
        order.taken = NOTHING if order.history else wanted


class LifeModel:
    """Who is there, how each stands, what was told of it, and which stores there are."""

    def __init__(self) -> None:
        self.all: dict[int, ModelIntegration] = {}
        self.told: list[tuple[str, int]] = []
        self.stores: dict[str, ModelStore] = {}

    @property
    def present(self) -> list[ModelIntegration]:
        """Those that were not removed, newest first."""
        return [one for one in reversed(self.all.values()) if not one.removed]

    def named(self, name: str) -> ModelIntegration | None:
        """Give the one that bears a name."""
        key = " ".join(name.split()).casefold()
        return next((one for one in self.present if " ".join(one.name.split()).casefold() == key), None)

    def holder(self, store: str) -> ModelIntegration | None:
        """Give the one that has a store."""
        return next((one for one in self.present if one.store == store and one.was_connected), None)

    def takes(self, store: str) -> ModelIntegration | None:
        """Give the one that what the store's platform posts is for."""
        waiting = (one for one in self.present if one.store == store and one.connection == AWAITING)
        return self.holder(store) or next(waiting, None)

    def may_add(self, name: str, store: str) -> bool:
        """Tell whether both the name and the store are free."""
        return self.named(name) is None and self.holder(store) is None

    def may_connect(self, one: ModelIntegration) -> bool:
        """Tell whether it is there, and its store is nobody else's."""
        return not one.removed and self.holder(one.store) in (None, one)

    def add(self, number: int, name: str, store: str) -> ModelIntegration:
        """One is added."""
        self.all[number] = ModelIntegration(number, " ".join(name.split()), store)
        self._tell("added", number)
        return self.all[number]

    def rename(self, one: ModelIntegration, name: str) -> None:
        """One is named anew."""
        one.name = " ".join(name.split())
        self._tell("renamed", one.id)

    def connect(self, one: ModelIntegration, holds: int) -> None:
        """A store lets one in, with tokens of that number."""
        self._tell("reauthorized" if one.was_connected else "connected", one.id)
        one.connection, one.was_connected, one.holds, one.state = CONNECTED, True, holds, None

    def lock_out(self, one: ModelIntegration) -> None:
        """A store does not let one in any more."""
        one.connection = REFUSED
        self._tell("needs_reauthorization", one.id)

    def resume(self, one: ModelIntegration) -> None:
        """A store lets one in after all."""
        if one.connection == REFUSED:
            one.connection = CONNECTED
            self._tell("resumed", one.id)

    def switch(self, one: ModelIntegration, *, on: bool) -> None:
        """One is enabled or disabled."""
        if one.enabled != on:
            one.enabled = on
            self._tell("enabled" if on else "disabled", one.id)

    def switch_flow(self, one: ModelIntegration, flow: str, *, on: bool) -> None:
        """A flow of one is enabled or disabled."""
        if (flow not in one.off) != on:
            one.off ^= {flow}
            self._tell("flow_enabled" if on else "flow_disabled", one.id)

    def remove(self, one: ModelIntegration) -> None:
        """One is removed, and erased where it never was connected."""
        one.removed, one.enabled, one.state = True, False, None
        self._tell("removed", one.id)
        if not one.was_connected:
            del self.all[one.id]

    def _tell(self, what: str, number: int) -> None:
        self.told.append((f"integration.{what}", number))
