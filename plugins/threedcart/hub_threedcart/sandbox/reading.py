"""What the API answers to each GET."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from hub_core.testing.store import Record
from hub_threedcart.sandbox import answers, settings
from hub_threedcart.sandbox.filters import OrderQuery, Page, Params, ProductQuery
from hub_threedcart.sandbox.shop import ThreeDCartShop
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
    return _products(asked, _MOST_PRODUCTS, _whole_text)


def sku_infos(asked: Asked) -> Response:
    """List the prices and stocks of products."""
    return _products(asked, _MOST_OTHERS, _sku_info_text)


def one_product(asked: Asked) -> Response:
    """Answer with an array of one product."""
    return _one(asked, asked.shop.products.get(asked.key), _whole_text)


def one_sku_info(asked: Asked) -> Response:
    """Answer with an array of one product's price and stock."""
    return _one(asked, asked.shop.products.get(asked.key), _sku_info_text)


def advanced_options(asked: Asked) -> Response:
    """List the variants of a product."""
    record = asked.shop.products.get(asked.key)
    text = _options_text(record, asked.version) if record else b"[]"
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


def _products(asked: Asked, most: int, text: Callable[[Record[Any], str], bytes]) -> Response:
    query = ProductQuery.of(asked.params)
    return _list(asked, asked.shop.products.select(query, query.matches), most, text)


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
    return record.text if version == "v2" else _version_1(record, "whole", record.text)


def _sku_info_text(record: Record[Any], version: str) -> bytes:
    return _part_text(record, "SKUInfo", version)


def _options_text(record: Record[Any], version: str) -> bytes:
    return _part_text(record, "AdvancedOptionList", version)


def _part_text(record: Record[Any], member: str, version: str) -> bytes:
    if member not in record.texts:
        record.texts[member] = dump(json.loads(record.text)[member])
    text = record.texts[member]
    return text if version == "v2" else _version_1(record, member, text)


def _version_1(record: Record[Any], name: str, text: bytes) -> bytes:
    """Make the text of version 1 when it is first asked for, and keep it."""
    kept = record.texts.get(f"{name}:v1")
    if kept is None:
        kept = record.texts[f"{name}:v1"] = as_version_1(text)
    return kept
