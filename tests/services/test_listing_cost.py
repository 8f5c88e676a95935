"""What a page of listings costs the database: the same whatever its length."""

import pytest

from hub_core.domain.integrations import Flow
from hub_core.engine.runner import Outcome
from tests.hubs import statements
from tests.stockshop.desk import StockDesk

MOST_STATEMENTS = 42
"""Of a read with one page, whose begin and end are told: claim, page, what is gone and linked, end."""


async def read(desk: StockDesk) -> int:
    desk.shop.page_size = 10_000
    await desk.hub.request_sync(desk.integration.id, ["listings"])
    with statements(desk.hub) as seen:
        assert await desk.work(Flow.LISTINGS) is Outcome.ENDED
    return len(seen)


@pytest.mark.parametrize("count", [2, 2000])
async def test_a_read_costs_the_same_whatever_the_length_of_its_pages(desk: StockDesk, count: int) -> None:
    costs = []
    for number in range(count):
        desk.shop.offer(f"n{number}", f"N{number % (count - 1)}", stock=5, parent=f"p{number // 100}")
    costs.append(await read(desk))  # all are new, and two bear the same SKU
    for article in desk.shop.articles.values():
        article.stock = article.stock and article.stock + 1
        article.sku = f"{article.sku}!"
    costs.append(await read(desk))  # all have changed
    costs.append(await read(desk))  # none has
    for number in range(0, count, 2):
        del desk.shop.articles[f"n{number}"]
    for number in range(1, count, 2):
        desk.shop.broken[f"n{number}"] = b"["
    costs.append(await read(desk))  # some are gone, the rest cannot be read
    assert max(costs) <= MOST_STATEMENTS
