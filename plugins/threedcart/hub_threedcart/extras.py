"""What a store sends beyond what the hub knows: kept by the platform's own names, where it says anything."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import msgspec

from hub_threedcart.parsing import Tree
from hub_threedcart.wire import WireItem, WireOrder, WireShipment, WireTransaction

CARD_MEMBERS: Final = (
    "CardType",
    "CardNumber",
    "CardName",
    "CardExpirationMonth",
    "CardExpirationYear",
    "CardIssueNumber",
    "CardStartMonth",
    "CardStartYear",
    "CardAddress",
    "CardVerification",
)
SECRETS: Final = (*CARD_MEMBERS, "TransactionCVV2", "ContinueURL")
"""What never enters the hub: cards, and the address that opens an order without a password."""


def _known(struct: type[msgspec.Struct], *others: str) -> frozenset[str]:
    return frozenset({field.encode_name for field in msgspec.structs.fields(struct)}.union(SECRETS, others))


ORDER: Final = _known(WireOrder, "QuestionList")
ITEM: Final = _known(WireItem, "OrderID")
SHIPMENT: Final = _known(WireShipment, "OrderID")
TRANSACTION: Final = _known(WireTransaction, "OrderID")
QUESTION: Final = frozenset({"OrderID", *SECRETS})


_LONGEST: Final = 40
"""Digits."""
NO_DATE: Final = "0001-01-01T00:00:00"
"""How the platform writes that there is no time."""


def extras(tree: Tree, known: frozenset[str]) -> dict[str, Any]:
    """Give the members of *tree* that are not *known* and not empty; numbers as text, for one number has one text."""
    kept = {
        name: value if value.__class__ is str else kept_form(value)
        for name, value in tree.items()
        if value and name not in known
    }
    if NO_DATE in kept.values() or not all(kept.values()):
        return {name: value for name, value in kept.items() if value and value != NO_DATE}
    return kept


def kept_form(value: Any) -> Any:
    """Give *value* in the form that it is kept in: numbers as text, whether sent as 5 or 5.0."""
    return _WRITERS[value.__class__](value)


@lru_cache(maxsize=4096)
def figure_text(value: int | Decimal) -> str:
    """Write a number in its shortest form, without an exponent unless only noise or nonsense is that long."""
    figure = Decimal(value)
    text = format(figure, "f") if abs(figure.adjusted()) < _LONGEST else str(figure)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _object(value: Tree) -> Tree:
    return extras(value, QUESTION)


def _list(values: list[Any]) -> list[Any]:
    return [_WRITERS[value.__class__](value) for value in values if value]


_WRITERS: Final[dict[type, Callable[[Any], Any]]] = {
    str: str,
    bool: bool,
    int: figure_text,
    Decimal: figure_text,
    dict: _object,
    list: _list,
}
"""How each kind of value that JSON has is kept: numbers in the one form that they have, whether sent as 5 or 5.0."""


def questions(asked: object) -> list[dict[str, Any]]:
    """Give what the merchant *asked* the shopper at the checkout, and the answers."""
    rows = asked if isinstance(asked, list) else ()
    found = (extras(question, QUESTION) for question in rows if isinstance(question, dict))
    return [question for question in found if question]
