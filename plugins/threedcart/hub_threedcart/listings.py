"""The listings of a store: its products, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Final
from zlib import crc32

import msgspec

from hub_core import Cursor, ListingPage, Record, ResponseError, Store
from hub_threedcart.client import StoreClient
from hub_threedcart.orders import Mark, locale_of, mark_of
from hub_threedcart.paging import Row, walk
from hub_threedcart.product_wire import ProductHead
from hub_threedcart.products import read_product

PAGE_SIZE: Final = 200
"""The most products that the platform gives at once; each comes with its options and variants."""

_HEAD: Final = msgspec.json.Decoder(ProductHead, strict=False)


class ProductList:
    """The list of all products."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    async def page(self, start: int, limit: int) -> list[Row]:
        """Give at most *limit* rows from row *start* on."""
        return [row_of(raw) for raw in await self._client.rows("Products", {}, start, limit)]

    async def total(self) -> int:
        """Tell how many rows there are; 0 where the store does not say."""
        try:
            return await self._client.count("Products", {})
        except ResponseError:
            return 0


async def pages(store: Store, cursor: Cursor) -> AsyncIterator[ListingPage]:
    """Yield all products, from *cursor* on. Raises CursorExpiredError where another version of the plugin wrote it."""
    read = partial(read_product, currency=locale_of(store).currency)
    async for rows, place in walk(ProductList(StoreClient(store)), mark_of(cursor).place, PAGE_SIZE):
        records = [Record(row.external_id, row.raw) for row in rows]
        yield ListingPage(records, read, Mark(place=place).cursor())


def row_of(raw: bytes) -> Row:
    """Make a row of a product's text; one whose number cannot be read is known by its text."""
    try:
        number = _HEAD.decode(raw).sku_info.catalog_id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        number = None
    return Row(str(number), raw, str(number)) if number else Row(f"#{crc32(raw):x}", raw)
