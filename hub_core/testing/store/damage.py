"""What each kind of fault does to an answer.

`INSTEAD` makes the answer, `AFTER` changes a good one. What happens at the store meanwhile is in
`meddling`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from hub_core.testing.store.brokenness import DripResponse, DroppedResponse
from hub_core.testing.store.faults import Fault

Options = Mapping[str, Any]

_MEGABYTE = 1024 * 1024
_PAGE = "<!DOCTYPE html><html><head><title>Runtime Error</title></head><body><h1>Server Error</h1></body></html>"
_TYPE = "application/json; charset=utf-8"


def _status(options: Options) -> Response:
    body = options.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": _TYPE, **{str(k).lower(): str(v) for k, v in options.get("headers", {}).items()}}
    return Response(text, int(options.get("status", 500)), headers)


def _html(options: Options) -> Response:
    return Response(str(options.get("body", _PAGE)), int(options.get("status", 200)), media_type="text/html")


def _huge(options: Options) -> Response:
    size = int(options.get("bytes", 64 * _MEGABYTE))
    return Response(b"[" + b" " * max(0, size - 2) + b"]", headers={"content-type": _TYPE})


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    return gzip.compress(b"[" + b" " * max(0, size - 2) + b"]", 9)


def _gzip_bomb(options: Options) -> Response:
    body = _bomb(int(options.get("bytes", 64 * _MEGABYTE)))
    return Response(body, headers={"content-type": _TYPE, "content-encoding": "gzip"})


def _redirect(options: Options) -> Response:
    where = str(options.get("location", "https://elsewhere.example/"))
    return Response(b"Object moved", int(options.get("status", 302)), {"location": where})


def _drop(options: Options) -> Response:
    return DroppedResponse(sent=int(options.get("bytes", 0)))


def _cut(fault: Fault, good: Response) -> Response:
    size = int(fault.options.get("bytes", len(good.body) * float(fault.options.get("share", 0.6))))
    return _copy(good, bytes(good.body)[:size])


def _content_type(fault: Fault, good: Response) -> Response:
    good.headers["content-type"] = str(fault.options.get("value", "text/plain"))
    return good


def _lose_reply(fault: Fault, good: Response) -> Response:
    """Keep the good answer back: break the connection off, or claim with a `status` that it failed."""
    if "status" in fault.options:
        return _status(fault.options)
    return DroppedResponse(bytes(good.body), int(fault.options.get("bytes", 0)))


def _drip(fault: Fault, good: Response) -> Response:
    return DripResponse(good, int(fault.options.get("bytes", 16)), float(fault.options.get("seconds", 0.1)))


def _repeat_page(fault: Fault, good: Response) -> Response:
    if not fault.memory:
        fault.memory.append(good)
    return _copy(fault.memory[0], bytes(fault.memory[0].body))


def _member(fault: Fault, good: Response) -> Response:
    """Change, empty or leave out one member: of the whole answer, or of one of its records.

    The record is named by `where` (members and their values) or by `record` (its place on the page).
    """
    options = fault.options
    if not good.body:
        return good
    answer = json.loads(bytes(good.body))
    target = _record(answer, options)
    *steps, last = _steps(options["member"])
    for step in steps:
        target = _step_into(target, step)
    _change(target, last, options)
    return _copy(good, json.dumps(answer, ensure_ascii=False).encode())


def _record(answer: Any, options: Options) -> Any:
    if not isinstance(answer, list):
        return answer
    wanted = options.get("where", {}).items()
    fitting = [one for one in answer if all(one.get(name) == value for name, value in wanted)]
    place = int(options.get("record", 0))
    return fitting[place] if place < len(fitting) else None


def _change(target: Any, name: str | int, options: Options) -> None:
    # What is not there cannot be damaged.
    with suppress(IndexError, KeyError, TypeError):
        if options.get("missing"):
            del target[name]
        else:
            target[name] = options.get("value")


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in path.split(".")]


def _step_into(target: Any, step: str | int) -> Any:
    try:
        return target[step]
    except (IndexError, KeyError, TypeError):
        return None


def _copy(good: Response, body: bytes) -> Response:
    headers = {name: value for name, value in good.headers.items() if name != "content-length"}
    return Response(body, good.status_code, headers)


INSTEAD: Mapping[str, Callable[[Options], Response]] = {
    "status": _status,
    "html": _html,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "redirect": _redirect,
    "drop": _drop,
}
AFTER: Mapping[str, Callable[[Fault, Response], Response]] = {
    "cut": _cut,
    "content_type": _content_type,
    "lose_reply": _lose_reply,
    "drip": _drip,
    "member": _member,
    "repeat_page": _repeat_page,
}
