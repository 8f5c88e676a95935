"""What the API answers to each PUT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from hub_core.testing.store import Write
from hub_threedcart.sandbox import answers
from hub_threedcart.sandbox.reading import Asked
from hub_threedcart.sandbox.spelling import dump

_DONE = "Updated successfully"


def products(asked: Asked, writes: Sequence[Write]) -> Response:
    """Change many products; some may fail while others do not."""
    return results([_of_product(asked, write) for write in writes], writes)


def one_product(asked: Asked, writes: Sequence[Write]) -> Response:
    """Change one product."""
    return _one(writes[0]) or products(asked, writes)


def options(asked: Asked, writes: Sequence[Write]) -> Response:
    """Change variants of one product, whose own stock stays what it is."""
    if asked.shop.goods.get(asked.key) is None:
        return answers.answer(b"", 404)
    return results([_of_variant(asked, write) for write in writes], writes)


def one_option(asked: Asked, writes: Sequence[Write]) -> Response:
    """Change one variant."""
    return _one(writes[0]) or options(asked, writes)


def _one(write: Write) -> Response | None:
    """Refuse what concerns a single item: there is no list of results to say it in."""
    if write.refused:
        return answers.answer(b"", int(write.refused["status"]))
    return answers.answer(b"", 404) if write.key is None else None


def _of_product(asked: Asked, write: Write) -> dict[str, str]:
    if asked.shop.accept(write) and write.key:
        return result("CatalogID", str(write.key[0]), 200, _DONE)
    return failed(write, "Product not found")


def _of_variant(asked: Asked, write: Write) -> dict[str, str]:
    if asked.shop.accept(write) and write.key:
        return result("AdvancedOptionCode", str(write.key[1]), 200, _DONE)
    return failed(write, "Advanced option not found")


def failed(write: Write, why: str) -> dict[str, str]:
    """Say of a write what a fault says, or *why* it failed."""
    if not write.refused:
        return result("Error", write.named, 404 if write.named else 400, why)
    told = write.refused
    return result(str(told.get("key", "Error")), write.named, told["status"], str(told.get("message", "Update failed")))


def result(key: str, value: str, status: Any, message: str) -> dict[str, str]:
    """Spell one result."""
    return {"Key": key, "Value": value, "Status": str(status), "Message": message}


def results(results: Sequence[dict[str, str]], writes: Sequence[Write]) -> Response:
    """Answer with the results that are not held back; 206 where some failed."""
    failed = [write for write in writes if write.applied is None]
    wished = next((write.refused["call_status"] for write in failed if "call_status" in write.refused), 206)
    told = [result for result, write in zip(results, writes, strict=True) if not write.untold]
    return answers.answer(dump(told), int(wished) if failed else 200)
