"""The guard as a whole: from an address that somebody gives to the connection that is made, or not.

Everything runs in this process: names are answered, and connections taken, by the test itself.
"""

import re
from collections.abc import Mapping, Sequence

import httpcore
import pytest

from hub_core.channels.http import StoreHttp
from hub_core.channels.transport import GuardedTransport
from hub_core.domain.budget import NoBudget
from hub_core.domain.errors import PrivateNetworkError, ResponseError
from tests.channels.addresses import NO_ADDRESSES, PRIVATE, PRIVATE_HOSTS, PUBLIC, STORES
from tests.channels.servers import FakeClock, reply

ADDRESSES = [address for address in PRIVATE if address != "localhost"]
URLS = [*(f"https://{host}/v2/Orders" for host in PRIVATE_HOSTS), *NO_ADDRESSES]
SHOP = "93.184.215.14"
SENTENCE = re.compile(r"[A-Z0-9a-z][^\r\n]{10,500}\.")


class Internet:
    """Answers names and takes connections; *answers* are what a name has, each time that it is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.replies: list[bytes] = []
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []

        async def connect(backend: object, host: str, port: int, *rest: object) -> httpcore.AsyncNetworkStream:
            self.connected.append((host, port))
            return httpcore.AsyncMockStream([self.replies.pop(0) if self.replies else reply(b"[]")])

        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.answers.get(host, [[SHOP]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def client(self) -> StoreHttp:
        transport = GuardedTransport(allow_private=False, resolver=self.resolve)
        return StoreHttp(budget=NoBudget(), clock=FakeClock(), transport=transport)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    return Internet(monkeypatch)


def moved(location: str) -> bytes:
    return reply(b"", f"location: {location}", status="302 Found")


def test_the_table_is_as_long_as_it_should_be() -> None:
    forms: Mapping[str, int] = {
        "addresses that a name may have": len(set(ADDRESSES)),
        "hosts": len(set(PRIVATE_HOSTS)),
        "whole addresses": len(set(NO_ADDRESSES)),
    }
    assert forms == {"addresses that a name may have": 94, "hosts": 108, "whole addresses": 106}
    assert sum(forms.values()) == 308
    assert (len(PUBLIC), len(STORES)) == (25, 19)


@pytest.mark.parametrize("url", URLS)
async def test_an_address_that_must_not_be_called_is_refused_in_one_sentence_before_anything_is_sent(
    internet: Internet, url: str
) -> None:
    async with internet.client() as http:
        with pytest.raises(ResponseError) as refused:
            await http.request("GET", url)
    assert SENTENCE.fullmatch(str(refused.value))
    assert str(refused.value).isprintable()
    assert (internet.asked, internet.connected) == ([], [])


LOCATIONS = [url for url in URLS if url.isprintable() and url.isascii() and re.match("[a-z]+://(?![/?#]|$)", url)]
"""What a header can bear and what names a host: without one, it is a place within the same store."""


@pytest.mark.parametrize("url", LOCATIONS)
async def test_a_redirect_to_such_an_address_is_not_followed(internet: Internet, url: str) -> None:
    internet.replies = [moved(url)]
    async with internet.client() as http:
        with pytest.raises(ResponseError) as refused:
            await http.request("GET", "https://shop.example/v2/Orders")
    assert SENTENCE.fullmatch(str(refused.value))
    assert internet.connected == [(SHOP, 443)]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("beside", [(), ("8.8.8.8",)], ids=["alone", "beside a public one"])
async def test_a_name_with_such_an_address_is_not_called_even_where_it_has_another(
    internet: Internet, address: str, beside: tuple[str, ...]
) -> None:
    internet.answers["shop.example"] = [[*beside, address]]
    async with internet.client() as http:
        with pytest.raises(PrivateNetworkError, match=r"^The address shop\.example leads into a private network;"):
            await http.request("GET", "https://shop.example/v2/Orders")
    assert internet.connected == []


@pytest.mark.parametrize(
    ("url", "host", "address"),
    [
        *((url, host, PUBLIC[0]) for url, host in STORES.items()),
        *(("https://shop.example", "shop.example", address) for address in PUBLIC),
    ],
)
async def test_a_store_is_called_at_the_address_that_was_checked(
    internet: Internet, url: str, host: str, address: str
) -> None:
    internet.answers[host] = [[address], ["127.0.0.1"]]
    async with internet.client() as http:
        assert (await http.request("GET", url)).json() == []
    assert internet.asked == [host]
    assert internet.connected == [(address, 8443 if ":8443" in url else 443)]


async def test_a_name_that_changes_between_a_request_and_its_redirect_is_judged_anew(internet: Internet) -> None:
    internet.answers["shop.example"] = [[SHOP], ["169.254.169.254"]]
    internet.replies = [moved("/latest/meta-data")]
    async with internet.client() as http:
        with pytest.raises(PrivateNetworkError):
            await http.request("GET", "https://shop.example/v2/Orders")
    assert internet.connected == [(SHOP, 443)]


async def test_a_name_that_changes_between_a_page_and_the_next_is_judged_anew(internet: Internet) -> None:
    internet.answers["shop.example"] = [[SHOP], ["10.0.0.1"]]
    async with internet.client() as http:
        await http.request("GET", "https://shop.example/v2/Orders")
        with pytest.raises(PrivateNetworkError):
            await http.request("GET", "https://shop.example/v2/Orders?offset=100")
    assert internet.connected == [(SHOP, 443)]


@pytest.mark.parametrize(
    "location",
    [
        "//127.0.0.1/",
        "http://shop.example/",
        "https://shop.example:8443/",
        "https://shop.example.evil.example/",
        "https://evil.example/",
        "https://user@shop.example/",
        "https://shop.example@evil.example/",
        "\\\\127.0.0.1\\x",
        "javascript:alert(1)",
        "https://xn--a/",
        "https://[",
    ],
)
async def test_a_redirect_leads_nowhere_but_to_the_same_store(internet: Internet, location: str) -> None:
    internet.replies = [moved(location)]
    async with internet.client() as http:
        with pytest.raises(ResponseError) as refused:
            await http.request("GET", "https://shop.example/v2/Orders")
    assert SENTENCE.fullmatch(str(refused.value))
    assert internet.connected == [(SHOP, 443)]


@pytest.mark.parametrize("location", ["/elsewhere", "elsewhere?a=b", "https://shop.example/", "//shop.example:443/"])
async def test_a_redirect_within_the_store_is_followed(internet: Internet, location: str) -> None:
    internet.replies = [moved(location), reply(b"[1]")]
    async with internet.client() as http:
        assert (await http.request("GET", "https://shop.example/v2/Orders")).json() == [1]
    assert internet.connected == [(SHOP, 443), (SHOP, 443)]
