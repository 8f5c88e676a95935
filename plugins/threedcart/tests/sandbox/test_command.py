from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from hub_core.testing.store.serving import listen

COMMAND = [sys.executable, "-c", "from hub_threedcart.sandbox.command import main; main()"]


@contextmanager
def running(*options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def failure(*options: str) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_it_says_where_it_is_and_answers_there() -> None:
    with running("--json", "--stores", "2", "--orders", "3", "--new-order-every", "60") as process:
        told = json.loads(first_line(process))
        headers = {
            {"address": "SecureURL", "private_key": "PrivateKey", "token": "Token"}[name]: value
            for name, value in told["stores"][1].items()
            if name in ("address", "private_key", "token")
        }
        answer = httpx.get(told["api_url"] + "/v2/Orders", params={"countonly": 1}, headers=headers)
        overview = httpx.get(told["steering_url"]).json()
    assert answer.json() == {"TotalCount": 3}
    assert [store["title"] for store in overview["stores"]] == ["Demo Store", "Demo Store 2"]


def test_two_stores_sell_the_same_when_told_to() -> None:
    with running("--json", "--stores", "2", "--shared-products", "--no-restock", "--products", "6") as process:
        told = json.loads(first_line(process))
        names = [store["name"] for store in told["stores"]]
        url = told["steering_url"]
        skus = [
            [one["sku"] for one in httpx.get(f"{url}/products", params={"store": name}).json()["items"]]
            for name in names
        ]
        stores = httpx.get(url).json()["stores"]
    assert names == ["demo-store", "demo-store-2"]
    assert skus[0] == skus[1]
    assert [store["restock"] for store in stores] == [False, False]


def test_ctrl_c_ends_it_quietly() -> None:
    with running() as process:
        first_line(process)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, "")


def test_the_start_up_text_says_all_that_a_hub_needs() -> None:
    with running("--store-url", "https://my.example", "--token", "t" * 32, "--private-key", "k" * 32) as process:
        assert process.stdout is not None
        text = "".join(process.stdout.readline() for _ in range(12))
    assert all(
        part in text for part in ("https://my.example", "t" * 32, "k" * 32, "THREEDCART_API_URL=http://127.0.0.1:")
    )


def test_the_options_reach_the_store(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("[]")
    options = ["--clock", "2024-05-06T10:00:00", "--timezone", "Europe/Paris", "--no-rate", "--empty-answer", "array"]
    with running("--json", "--page-cap", "7", "--orders-from", str(tmp_path), "--products", "4", *options) as process:
        told = json.loads(first_line(process))
        (store,) = httpx.get(told["steering_url"]).json()["stores"]
    assert store["clock"].startswith("2024-05-06T08:0")
    assert (store["timezone"], store["meter"]["enforced"], store["nothing"]) == ("Europe/Paris", False, "array")
    assert (store["page_cap"], store["orders"], store["products"]) == (7, 0, 4)


def test_a_port_in_use_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        code, text = failure("--port", str(taken.getsockname()[1]))
    assert code == 1
    assert text.count("\n") == 1
    assert "choose another with --port" in text


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [("--timezone", "Mars/Base", "IANA"), ("--clock", "soon", "soon"), ("--orders-from", "/no/such/folder", "folder")],
)
def test_a_wrong_option_is_one_sentence(option: str, value: str, word: str) -> None:
    code, text = failure(option, value)
    assert (code, text.count("\n"), word in text) == (1, 1, True)


def test_an_unknown_way_of_saying_nothing_is_wrong_usage() -> None:
    assert failure("--empty-answer", "loudly")[0] == 2
