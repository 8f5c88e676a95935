"""What the API answers to each GET."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.responses import Response

from hub_core.testing.store import Record
from hub_threedcart.sandbox import answers, settings
from hub_threedcart.sandbox.filters import OrderQuery, Page, Params
from hub_threedcart.sandbox.offers import options_text, product_text, sku_info_text
from hub_threedcart.sandbox.product_filters import ProductQuery
from hub_threedcart.sandbox.shop import ProductRecord, ThreeDCartShop
from hub_threedcart.sandbox.spelling import as_version_1, dump

_MOST_ORDERS, _MOST_PRODUCTS, _MOST_OTHERS = 300, 200, 500


@dataclass(frozen=True)
class Asked:
    """A request that may have an answer: of which store, in which version (`v1`, `v2`), for which *key*."""

    shop: ThreeDCartShop
    version: str
    params: Params
    key: int


def orders(asked: Asked) -> Response:
    """List orders, ascending by OrderID."""
    query = OrderQuery.of(asked.params)
    return _list(asked, asked.shop.orders.select(query, query.matches), _MOST_ORDERS, _whole_text)


def one_order(asked: Asked) -> Response:
    """Answer with an array of one order."""
    return _one(asked, asked.shop.orders.get(asked.key), _whole_text)


def products(asked: Asked) -> Response:
    """List products, ascending by CatalogID."""
    return _products(asked, _MOST_PRODUCTS, product_text)


def sku_infos(asked: Asked) -> Response:
    """List the prices and stocks of products."""
    return _products(asked, _MOST_OTHERS, sku_info_text)


def one_product(asked: Asked) -> Response:
    """Answer with an array of one product."""
    return _one(asked, asked.shop.products.get(asked.key), partial(product_text, asked.shop))


def one_sku_info(asked: Asked) -> Response:
    """Answer with an array of one product's price and stock."""
    return _one(asked, asked.shop.products.get(asked.key), partial(sku_info_text, asked.shop))


def advanced_options(asked: Asked) -> Response:
    """List the variants of a product."""
    record = asked.shop.products.get(asked.key)
    text = options_text(asked.shop, record, asked.version) if record else b"[]"
    return answers.nothing(asked.shop) if text == b"[]" else answers.answer(text)


def statuses(asked: Asked) -> Response:
    """List the order statuses with the merchant's labels."""
    return _plain(asked, settings.order_statuses(asked.shop))


def one_status(asked: Asked) -> Response:
    """Answer with an array of one order status."""
    found = [one for one in settings.order_statuses(asked.shop) if one["OrderStatusID"] == asked.key]
    return _plain(asked, found) if found else answers.answer(b"", 404)


def store_settings(asked: Asked) -> Response:
    """Answer with an array of the store's settings."""
    return _plain(asked, [settings.store_settings(asked.shop)])


def _products(asked: Asked, most: int, text: Callable[[ThreeDCartShop, ProductRecord, str], bytes]) -> Response:
    query, shop = ProductQuery.of(asked.params), asked.shop
    found = query.found_by_name(shop)
    if found is None:
        question = (query, shop.goods.changes if query.narrows else 0)  # what it finds changes with the goods
        found = shop.products.select(question, partial(query.matches, shop))
    return _list(asked, found, most, partial(text, shop))


def _list(asked: Asked, found: Sequence[Record[Any]], most: int, text: Callable[[Record[Any], str], bytes]) -> Response:
    if asked.params.text("countonly") == "1":
        sayable = found or asked.shop.empty_count
        return answers.answer(dump({"TotalCount": len(found)})) if sayable else answers.nothing(asked.shop)
    page = Page.of(asked.params, min(most, asked.shop.page_cap or most))
    shown = found[page.offset - 1 : page.offset - 1 + page.limit]
    return answers.rows(text(one, asked.version) for one in shown) if shown else answers.nothing(asked.shop)


def _one(asked: Asked, record: Record[Any] | None, text: Callable[[Record[Any], str], bytes]) -> Response:
    return answers.rows([text(record, asked.version)]) if record else answers.answer(b"", 404)


def _plain(asked: Asked, rows: Iterable[Any]) -> Response:
    text = dump(list(rows))
    return answers.answer(text if asked.version == "v2" else as_version_1(text))


def _whole_text(record: Record[Any], version: str) -> bytes:
    """Make the text of version 1 when it is first asked for, and keep it."""
    if version == "v2":
        return record.text
    kept = record.texts.get("whole:v1")
    if kept is None:
        kept = record.texts["whole:v1"] = as_version_1(record.text)
    return kept
