"""A sandbox of many stores that all sell the same, some of which have a long past.

Run as `python -m benchmarks.town STORES LONG ORDERS`: the last LONG of them have ORDERS orders. It prints what the
command `threedcart-sandbox` prints as JSON, and is steered like that.
"""

from __future__ import annotations

import json
import sys

from hub_core.testing.store import Dice
from hub_core.testing.store.catalogue import catalogue
from hub_core.testing.store.serving import listen, server_for
from hub_threedcart.sandbox import steer
from hub_threedcart.sandbox.sandbox import API_ROOT, Sandbox

_PRODUCTS = 4
_DAYS = 38.0
_PAGE = 10
"""Orders on a page of the stores with a past: so reading it takes minutes."""


def main(stores: int, long: int, orders: int) -> None:
    """Serve until killed."""
    town = Sandbox(stores=stores, products=_PRODUCTS, shared_products=True, timezone="UTC", running=True)
    shops = list(town.shops.values())
    for shop in shops[stores - long :]:
        goods, shop.goods = shop.goods, catalogue(Dice("past"), _PRODUCTS)  # so that the past moves no figure of today
        steer.stock_up(shop, orders, _DAYS)
        shop.goods, shop.page_cap = goods, _PAGE
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    names = ("name", "address", "private_key", "token")
    told = [{name: getattr(shop, name) for name in names} for shop in shops]
    skus = [item.sku for item in town.shop.goods][:_PRODUCTS]
    print(json.dumps({"port": port, "api": API_ROOT, "stores": told, "skus": skus}), flush=True)
    server_for(town.app).run(sockets=[listener])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
