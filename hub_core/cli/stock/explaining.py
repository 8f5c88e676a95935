"""Explaining what stores are told."""

from hub_core.cli.output import document, say
from hub_core.cli.running import AsJson, run
from hub_core.cli.stock.changing import Sku


def explain(sku: Sku, as_json: AsJson = False) -> None:
    """Say why each store is told what it is told.

    Example: hub stock explain SHIRT-M
    """
    explained = run(lambda hub: hub.stock.explain(sku))
    if as_json:
        document(explained)
        return
    for sentence in explained.sentences:
        say(sentence)
