"""A sandbox of 3DCart stores, made of a few figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub_core.testing.store import Dice, Fault, StoreApi, StoreClock, StoreServer
from hub_core.testing.store.items import edit_item, stock_of
from hub_core.testing.store.wishes import moment_from, wish_from
from hub_threedcart.sandbox import products as catalogue
from hub_threedcart.sandbox import recorded, steer
from hub_threedcart.sandbox.callbacks import callback_route
from hub_threedcart.sandbox.shop import PRIVATE_KEY, RIGHTS, ThreeDCartShop
from hub_threedcart.sandbox.wire import API_ROOT, ThreeDCartWire

__all__ = ["API_ROOT", "Sandbox"]


@dataclass
class Sandbox:
    """Stores that answer like the 3DCart API: `app` is the ASGI app, `shops` are the stores by their names.

    The same *seed* and *clock* make the same stores. With a *clock* (a time or its ISO text, without a zone that of
    the store's wall) time stands still unless *running*; without one it is the machine's and runs. *urls* and
    *tokens* are those of the first stores; the others get made-up ones. *orders_from* is a folder of real answers,
    served by the first store; *rate* switches the limit of 50 requests that drain at 2 per second. With
    *shared_products* all stores sell the same, under ids of their own, whatever the seed; with *restock* a cancelled
    order gives back what it took.
    """

    orders: int = 0
    products: int = 20
    stores: int = 1
    seed: int = 1
    timezone: str = "America/New_York"
    clock: datetime | str | None = None
    running: bool = False
    days: float = 25
    orders_from: Path | None = None
    rate: bool = True
    nothing: str = "404"
    page_cap: int | None = None
    urls: Sequence[str] = ()
    tokens: Sequence[str] = ()
    private_key: str = PRIVATE_KEY
    new_order_every: float | None = None
    shared_products: bool = False
    restock: bool = True
    loaded: recorded.Loaded | None = field(init=False, default=None)
    api: StoreApi[ThreeDCartShop] = field(init=False)
    app: StoreServer = field(init=False)

    def __post_init__(self) -> None:
        """Build the stores and fill them."""
        shops = [self._shop(place) for place in range(self.stores)]
        self.api = StoreApi(ThreeDCartWire(), shops)
        self.app = StoreServer(self.api, self.new_order_every, [callback_route(self.api)])
        if self.orders_from:
            self.loaded = recorded.load(shops[0], self.orders_from)
        for place, shop in enumerate(shops):
            catalogue.fill(shop, self.products, place if self.shared_products else None)
            steer.stock_up(shop, self.orders, self.days)

    @property
    def shops(self) -> Mapping[str, ThreeDCartShop]:
        """The stores by their names."""
        return self.api.shops

    @property
    def shop(self) -> ThreeDCartShop:
        """The first store."""
        return self.api.shop()

    def place(self, store: str | None = None, **wish: Any) -> int:
        """Let an order come in, made up but for what *wish* says (as `POST /_sandbox/orders`); return its OrderID."""
        return steer.place(self.api.shop(store), wish_from(wish))

    def edit(self, order_id: int, store: str | None = None, **wish: Any) -> None:
        """Change an order as staff would (as `PATCH /_sandbox/orders/{id}`)."""
        steer.edit(self.api.shop(store), order_id, wish_from(wish))

    def remove(self, order_id: int, store: str | None = None) -> None:
        """Let an order vanish; raise KeyError where there is none."""
        self.api.shop(store).orders.remove(order_id)

    def set_item(self, store: str | None = None, **fields: Any) -> None:
        """Change stock or prices of an item as staff would (as `POST /_sandbox/products`)."""
        edit_item(self.api.shop(store), fields)

    def stock_of(self, sku: str, store: str | None = None) -> Decimal:
        """Tell the present stock of the first item with this SKU; raise KeyError where there is none."""
        return stock_of(self.api.shop(store), sku)

    def break_down(self, kind: str, **options: Any) -> Fault:
        """Let something go wrong (as `POST /_sandbox/faults`); the fault tells how often it `fired`."""
        return self.api.break_down(kind, **options)

    def _shop(self, place: int) -> ThreeDCartShop:
        name = "demo-store" if place == 0 else f"demo-store-{place + 1}"
        dice = Dice(f"{self.seed} {name}")
        token, bearer = f"{dice.getrandbits(128):032x}", f"{dice.digits(43)}="
        start = moment_from(self.clock) if self.clock is not None else None
        clock = StoreClock(self.timezone, start, running=self.running or start is None)
        shop = ThreeDCartShop(
            name=name,
            clock=clock,
            dice=dice,
            rights=RIGHTS,
            address=self.urls[place] if place < len(self.urls) else f"https://{name}.3dcartstores.example",
            private_key=self.private_key,
            token=self.tokens[place] if place < len(self.tokens) else token,
            bearer=bearer,
            title=name.replace("-", " ").title(),
            timezone_text=_standard_offset(clock),
            nothing=self.nothing,
            page_cap=self.page_cap,
            restock=self.restock,
        )
        shop.meter.enforced = self.rate
        return shop


def _standard_offset(clock: StoreClock) -> str:
    """Write the zone as hours from Greenwich, without daylight saving: all that some stores tell of it."""
    now = clock.now()
    offset = (clock.zone.utcoffset(now.replace(month=month, day=1, tzinfo=None)) for month in (1, 7))
    return f"{min(one.total_seconds() for one in offset if one is not None) / 3600:g}"
