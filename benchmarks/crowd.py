"""Several processes that ask one store of the sandbox for as much as their shared rate budget lets them.

Run as `python -m benchmarks.crowd sandbox`, it serves that store and prints where it is; as `… connect ADDRESS TOKEN
KEY`, it connects the store by the hub's settings and prints its integration.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import httpx

from benchmarks.processes import ROOT
from hub_core import Hub

_PROCESSES = 4
_READERS_PART = 0.8
_BEFORE_REFUSAL = 20
_PERSONS_PART = 0.1
"""The part of the sustained rate that the people at each process ask for."""


class Limit(NamedTuple):
    """What a store holds and drains each second, and what the hub is told that it may ask at once.

    What it is told less is room for requests that arrive closer together than they left.
    """

    store_depth: int
    per_second: int
    hub_depth: int


THREEDCART = Limit(50, 2, 48)
QUICK = Limit(24, 8, 16)
"""The same at four times the pace, with as many seconds of room."""


class Span(NamedTuple):
    """For how long a crowd asks, by the clock of this machine."""

    ends: datetime
    seconds: float


@dataclass(frozen=True)
class Crowd:
    """What several processes made of a store's limit, by its own meter; *used* is the part of the sustained rate.

    *longest_pause* is how many seconds the store was left alone at most. *paced* is the part of what people wanted to
    ask that they could: much less than all means that the machine is busy with other things, and then *used* says
    nothing of the budget.
    """

    requests: int
    over: int
    peak: float
    used: float
    refused: int
    longest_pause: float
    paced: float
    people_waited: float


@contextmanager
def _started(module: str, *arguments: object, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


@contextmanager
def crowd(url: str, home: str, limit: Limit) -> Iterator[Callable[[float, float], Crowd]]:
    """Serve a store, connect it in the database *url*, and give what lets four processes ask it for some seconds.

    The second figure is how many seconds the store wants to be left alone after it has refused one request; 0 for none.
    """
    with _started("benchmarks.crowd", "sandbox") as serving:
        sandbox = json.loads(_line(serving))
        steering, (store,) = sandbox["steering_url"], sandbox["stores"]
        rate = {"depth": limit.store_depth, "per_second": limit.per_second}
        httpx.post(f"{steering}/stores/{store['name']}", json={"rate": rate}).raise_for_status()
        env = {
            "HUB_HOME": home,
            "HUB_DATABASE_URL": url,
            "HUB_ALLOW_PRIVATE_NETWORK": "1",
            "THREEDCART_API_URL": sandbox["api_url"],
            "THREEDCART_RATE": f"{limit.hub_depth}/{limit.per_second}",
        }
        names = ("address", "token", "private_key")
        with _started("benchmarks.crowd", "connect", *(store[name] for name in names), env=env) as connecting:
            integration = json.loads(_line(connecting))

        def ask(seconds: float, retry_after: float) -> Crowd:
            arguments = integration, seconds, 1 / (limit.per_second * _PERSONS_PART)
            with ExitStack() as stack:
                asking = [
                    stack.enter_context(_started("benchmarks.asking", *arguments, env=env)) for _ in range(_PROCESSES)
                ]
                assert [_line(process) for process in asking] == ["ready\n"] * _PROCESSES
                httpx.delete(f"{steering}/meter").raise_for_status()
                if retry_after:
                    httpx.post(f"{steering}/faults", json=_refusal(retry_after)).raise_for_status()
                ends = datetime.now(UTC) + timedelta(seconds=seconds)
                for process in asking:
                    _tell(process, "go")
                told = [json.loads(_line(process)) for process in asking]
            meter = httpx.get(f"{steering}/meter").json()["stores"][store["name"]]
            return _judged(meter, told, limit, Span(ends, seconds))

        yield ask


def _refusal(retry_after: float) -> dict[str, Any]:
    return {
        "kind": "status",
        "status": 429,
        "path": "*/orders",
        "skip": _BEFORE_REFUSAL,
        "headers": {"Retry-After": f"{retry_after:g}"},
    }


def _judged(meter: dict[str, Any], told: list[dict[str, Any]], limit: Limit, span: Span) -> Crowd:
    times = [datetime.fromisoformat(entry["at"]) for entry in meter["log"]]
    sustained = limit.per_second * (max(span.ends, times[-1]) - times[0]).total_seconds()
    wanted = span.seconds * limit.per_second * _PERSONS_PART * len(told)
    return Crowd(
        requests=meter["requests"],
        over=meter["over_limit"],
        peak=meter["peak"],
        used=(len(times) - limit.hub_depth * _READERS_PART) / sustained,
        refused=sum(each["refused"] for each in told),
        longest_pause=max((later - at).total_seconds() for at, later in pairwise(times)),
        paced=sum(each["asked_by_person"] for each in told) / wanted,
        people_waited=max(each["person_waited"] for each in told),
    )


async def connect(address: str, token: str, private_key: str) -> None:
    """Connect the store and print the id of its integration."""
    settings = {"store_url": address, "timezone": "UTC", "currency": "USD"}
    async with Hub.open() as hub:
        shop = await hub.integrations.add("threedcart", name="Bench", settings=settings)
        await hub.integrations.authorize(shop.id, {"token": token, "private_key": private_key})
    print(shop.id)


if __name__ == "__main__":
    if sys.argv[1] == "connect":
        asyncio.run(connect(*sys.argv[2:]))
    else:
        from hub_threedcart.sandbox.command import main

        sys.argv = [sys.argv[0], "--port", "0", "--orders", "3", "--products", "3", "--json"]
        main()
