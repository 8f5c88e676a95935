"""No address that leads into a private network is called, whatever it looks like."""

import asyncio
import socket
from collections.abc import Sequence

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.channels.http import StoreHttp
from hub_core.channels.network import address_fault, check_address, is_public
from hub_core.channels.transport import GuardedBackend, GuardedTransport, resolve
from hub_core.domain.budget import NoBudget
from hub_core.domain.errors import PrivateNetworkError, ResponseError, UnavailableError
from tests.channels.addresses import NO_ADDRESSES, PRIVATE, PRIVATE_HOSTS, PUBLIC, STORES
from tests.channels.servers import FakeClock, reply, serving


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@given(address=st.ip_addresses(v=4, network="127.0.0.0/8") | st.ip_addresses(v=6, network="fc00::/7"))
def test_no_address_of_the_machine_or_of_a_local_network_is_public(address: object) -> None:
    assert not is_public(str(address))


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_the_form_of_a_private_address_is_refused(host: str) -> None:
    assert address_fault(f"https://{host}/3dCartWebAPI/v2/Orders")
    assert address_fault(f"https://{host}:8443")


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_of_a_store_is_refused(url: str) -> None:
    assert address_fault(url)
    with pytest.raises(ResponseError):
        check_address(url)


@pytest.mark.parametrize("url", STORES)
def test_the_address_of_a_store_is_good(url: str) -> None:
    assert address_fault(url) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://[::1]", "http://localhost:22", "http://example.com"])
def test_private_addresses_are_good_where_that_is_meant(url: str) -> None:
    assert address_fault(url, allow_private=True) is None


@pytest.mark.parametrize("url", ["http://a:b@127.0.0.1", "ftp://127.0.0.1", "http://[fe80::1%25eth0]", "http://x:0"])
def test_other_faults_count_where_private_addresses_are_meant_too(url: str) -> None:
    assert address_fault(url, allow_private=True)


@given(url=st.text() | st.builds("https://{}".format, st.text()) | st.builds("https://xn--{}.com".format, st.text()))
def test_whatever_somebody_gives_as_an_address_is_judged_and_never_breaks_the_judge(url: str) -> None:
    if address_fault(url) is None:
        assert check_address(url).scheme == "https"
        assert "." in check_address(url).host or check_address(url).raw_host.isdigit()


def test_a_refusal_says_what_to_do_if_it_is_meant() -> None:
    assert address_fault("https://10.0.0.1") == (
        "The address 10.0.0.1 leads into a private network; set HUB_ALLOW_PRIVATE_NETWORK=1 if that is meant."
    )


class Names:
    """Answers for the network which addresses a name has: the given ones in turn."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses to which a connection is made, and which all refuse it."""
    addresses: list[str] = []

    async def connect(self: object, host: str, *rest: object) -> httpcore.AsyncNetworkStream:
        addresses.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    return addresses


@pytest.mark.parametrize("address", [address for address in PRIVATE if address != "localhost"])
@pytest.mark.parametrize("others", [(), ("8.8.8.8",)])
async def test_a_name_that_has_a_private_address_is_not_connected_to(
    address: str, others: tuple[str, ...], connected: list[str]
) -> None:
    guard = GuardedBackend(allow_private=False, resolver=Names([*others, address]))
    with pytest.raises(PrivateNetworkError, match=r"shop\.example leads into a private network"):
        await guard.connect_tcp("shop.example", 443)
    assert connected == []


async def test_the_connection_goes_to_the_very_address_that_was_checked(connected: list[str]) -> None:
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    with pytest.raises(httpcore.ConnectError):
        await GuardedBackend(allow_private=False, resolver=names).connect_tcp("shop.example", 443, timeout=10)
    assert names.asked == 1
    assert connected == ["8.8.8.8"]


async def test_a_name_that_turns_private_later_is_refused_at_the_next_connection(connected: list[str]) -> None:
    guard = GuardedBackend(allow_private=False, resolver=Names(["8.8.8.8"], ["127.0.0.1"]))
    with pytest.raises(httpcore.ConnectError):
        await guard.connect_tcp("shop.example", 443)
    with pytest.raises(PrivateNetworkError):
        await guard.connect_tcp("shop.example", 443)
    assert connected == ["8.8.8.8"]


async def test_each_of_the_first_addresses_is_tried(connected: list[str]) -> None:
    names = Names(["2606:4700::1", "8.8.8.8", "9.9.9.9", "1.1.1.1"])
    with pytest.raises(httpcore.ConnectError):
        await GuardedBackend(allow_private=False, resolver=names).connect_tcp("shop.example", 443)
    assert connected == ["2606:4700::1", "8.8.8.8", "9.9.9.9"]


@pytest.mark.parametrize("fault", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_an_unknown_name_is_a_fault_of_connecting(fault: Exception) -> None:
    async def fail(host: str, port: int) -> Sequence[str]:
        raise fault

    with pytest.raises(httpcore.ConnectError, match="its name is unknown"):
        await GuardedBackend(allow_private=False, resolver=fail).connect_tcp("shop.example", 443)


async def test_a_name_without_addresses_is_a_fault_of_connecting() -> None:
    with pytest.raises(httpcore.ConnectError, match="its name has no address"):
        await GuardedBackend(allow_private=False, resolver=Names([])).connect_tcp("shop.example", 443, timeout=1)


async def test_a_name_that_is_looked_up_for_ever_is_given_up() -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore.ConnectTimeout):
        await GuardedBackend(allow_private=False, resolver=hang).connect_tcp("shop.example", 443, timeout=0)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1", "::1", "localhost"])
async def test_the_system_itself_resolves_the_old_forms_to_what_is_refused(host: str) -> None:
    assert not any(map(is_public, await resolve(host, 443)))
    with pytest.raises(PrivateNetworkError):
        await GuardedBackend(allow_private=False).connect_tcp(host, 443)


async def test_a_store_whose_name_leads_to_this_machine_gets_no_request() -> None:
    async with serving(reply()) as store:
        transport = GuardedTransport(allow_private=False, resolver=Names(["127.0.0.1"]))
        async with StoreHttp(budget=NoBudget(), clock=FakeClock(), transport=transport) as http:
            with pytest.raises(PrivateNetworkError):
                await http.request("GET", f"https://shop.example:{store.port}/")
        assert store.heads == []


async def test_a_store_in_a_private_network_is_reached_where_that_is_meant() -> None:
    async with serving(reply(b"[1]")) as store:
        transport = GuardedTransport(allow_private=True, resolver=Names(["127.0.0.1"]))
        async with StoreHttp(budget=NoBudget(), clock=FakeClock(), allow_private=True, transport=transport) as http:
            answer = await http.request("GET", f"http://shop.example:{store.port}/")
    assert answer.records() == [b"1"]
    assert f"Host: shop.example:{store.port}".encode() in store.heads[0]


async def test_an_unknown_name_is_unavailable_and_says_so() -> None:
    async def fail(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "unknown")

    transport = GuardedTransport(allow_private=False, resolver=fail)
    async with StoreHttp(budget=NoBudget(), clock=FakeClock(), transport=transport) as http:
        with pytest.raises(UnavailableError, match=r"shop\.example cannot be reached: its name is unknown"):
            await http.request("GET", "https://shop.example/")
