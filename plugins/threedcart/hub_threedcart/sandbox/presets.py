"""Faults that only make sense in 3DCart's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hub_threedcart.sandbox.answers import error_array

# Where nothing else is said, they concern pages of the order list.
_ORDERS = {"path": "*/orders", "query": "!*countonly=1*"}


def _member(**fields: Any) -> Mapping[str, Any]:
    return {"kind": "member", **_ORDERS, **fields}


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "error_array": {"kind": "status", "status": 200, "body": json.loads(error_array(400, "Bad request"))},
    "missing_right": {"kind": "status", "status": 401, "count": None},
    "lying_count": _member(query="*countonly=1*", member="TotalCount", value=7),
    "same_page": {"kind": "repeat_page", **_ORDERS, "count": None},
    "null_member": _member(member="BillingCompany", value=None),
    "missing_member": _member(member="CustomerComments", missing=True),
    "broken_order": _member(member="OrderItemList", value="broken"),
    "broken_date": _member(member="OrderDate", value="yesterday-ish"),
    "broken_quantity": _member(member="OrderItemList.0.ItemQuantity", value="three"),
    "broken_amount": _member(member="OrderAmount", value="NaN"),
    "broken_id": _member(member="OrderID", value=None),
    "insert_order": {"kind": "order", **_ORDERS, "action": "place"},
    "change_order": {"kind": "order", **_ORDERS, "action": "edit", "status": "processing"},
    "refuse_bulk": {"kind": "status", "status": 400, "method": "PUT", "count": None},
    "delete_order": {"kind": "order", **_ORDERS, "action": "remove"},
}
