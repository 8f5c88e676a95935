"""A store that exists only in memory: the part of a sandbox that knows no platform's spelling.

It keeps orders as text and what it sells with its stock and prices, has a clock and a zone of its own, makes up trade
from a seed, counts requests against a leaky bucket, notes what it is told to change, breaks answers on demand and is
steered over `/_sandbox`. A `Wire` adds how one platform
spells its requests and answers; `serving` gives it a port.
"""

from hub_core.testing.store.api import StoreApi
from hub_core.testing.store.bucket import LeakyBucket
from hub_core.testing.store.clock import StoreClock
from hub_core.testing.store.dice import Dice
from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.faults import Fault, FaultMenu
from hub_core.testing.store.goods import Goods, Key
from hub_core.testing.store.meter import Meter
from hub_core.testing.store.records import Parcel, Payment, Person, Product, Question, Sale, Sold, Variant
from hub_core.testing.store.server import StoreServer
from hub_core.testing.store.shelf import Record, Shelf
from hub_core.testing.store.shop import Shop
from hub_core.testing.store.trade import Trade
from hub_core.testing.store.wire import Wire, Wish
from hub_core.testing.store.writes import Write, WriteLog

__all__ = [
    "Dice",
    "Fault",
    "FaultMenu",
    "Goods",
    "Key",
    "LeakyBucket",
    "Meter",
    "Parcel",
    "Payment",
    "Person",
    "Product",
    "Question",
    "Record",
    "Sale",
    "Shelf",
    "Shop",
    "Sold",
    "SteeringError",
    "StoreApi",
    "StoreClock",
    "StoreServer",
    "Trade",
    "Variant",
    "Wire",
    "Wish",
    "Write",
    "WriteLog",
]
