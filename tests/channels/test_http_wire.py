"""The client against stores on the loopback interface: what no mock can show."""

import asyncio
import gzip
import logging
import logging.config
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from stamina.instrumentation import get_on_retry_hooks

from hub_core.channels.body import Limits
from hub_core.channels.http import StoreHttp
from hub_core.channels.transport import GuardedTransport
from hub_core.domain.budget import NoBudget
from hub_core.domain.errors import ResponseError, UnavailableError
from tests.channels.servers import FakeBudget, FakeClock, LoopbackStore, Reply, hang, listening, reply, serving

MEBIBYTE = 1024 * 1024
TOKEN = "7f3c9a1e5b2d4c6f8a0b1c2d3e4f5a6b"
COOKIE = "c00c1e-5b2d4c6f8a0b"
GZIP = "content-encoding: gzip"
BODY = b'[{"a":1}]'


@asynccontextmanager
async def client(limits: Limits | None = None, patience: float = 10) -> AsyncIterator[StoreHttp]:
    async with StoreHttp(
        budget=NoBudget(),
        clock=FakeClock(),
        secrets=[TOKEN],
        allow_private=True,
        limits=limits or Limits(),
        timeouts=httpx.Timeout(patience),
    ) as http:
        yield http


async def fetch(*replies: Reply, limits: Limits | None = None, method: str = "GET") -> bytes:
    async with serving(*replies) as store, client(limits) as http:
        return (await http.request(method, store.url)).body


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("identity", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("GZIP ", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY[:4], mtime=0) + gzip.compress(BODY[4:], mtime=0)),
        ("gzip", gzip.compress(BODY, mtime=0) + b"\0\0"),
        ("gzip", b""),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
    ],
)
async def test_a_packed_answer_is_unpacked(encoding: str, packed: bytes) -> None:
    assert await fetch(reply(packed, f"content-encoding: {encoding}")) == (BODY if packed else b"")


async def in_small_pieces(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\ntransfer-encoding: chunked\r\n\r\n")
    for sign in body:
        writer.write(b"1\r\n" + bytes([sign]) + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")


async def test_a_packed_answer_is_unpacked_wherever_it_is_cut() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await in_small_pieces(
            writer, GZIP.encode(), gzip.compress(BODY[:4], mtime=0) + gzip.compress(BODY[4:], mtime=0) + b"\0"
        )

    assert await fetch(trickle) == BODY


async def test_a_packed_answer_that_is_spoilt_is_refused() -> None:
    async def spoil(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await in_small_pieces(writer, GZIP.encode(), gzip.compress(BODY, mtime=0)[:-8] + b"\xff" * 8)

    with pytest.raises(ResponseError, match="no proper HTTP"):
        await fetch(spoil)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "aws-chunked"])
async def test_a_packing_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(ResponseError, match="compression that the hub did not ask for"):
        await fetch(reply(BODY, f"content-encoding: {encoding}"))


async def test_an_answer_that_only_says_it_is_packed_is_refused() -> None:
    with pytest.raises(ResponseError, match="no proper HTTP"):
        await fetch(reply(BODY, GZIP))


async def test_a_packed_answer_that_is_cut_is_asked_for_again() -> None:
    packed = gzip.compress(BODY * 100, mtime=0)
    assert await fetch(reply(packed[:20], GZIP), reply(packed, GZIP)) == BODY * 100


@pytest.mark.parametrize("packed", [True, False])
async def test_an_answer_within_the_limits_is_taken_to_the_last_byte(packed: bool) -> None:
    body = b"x" * 4000
    limits = Limits(compressed=4000, decompressed=4000)
    assert await fetch(reply(gzip.compress(body, mtime=0), GZIP) if packed else reply(body), limits=limits) == body


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" " * 65536)
        await writer.drain()


async def drip_packed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body without an end that hardly packs."""
    packer = zlib.compressobj(0, wbits=31)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
    while not writer.is_closing():
        writer.write(packer.compress(b" " * 65536))
        await writer.drain()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(b" " * 4001), "more than 4000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 4001, "more than 4000 bytes"),
        (reply(gzip.compress(b" " * 8001, mtime=0), GZIP), "more than 8000 bytes"),
        (drip, "more than 4000 bytes"),
        (drip_packed, "more than 4000 bytes"),
    ],
)
async def test_an_answer_beyond_the_limits_is_refused_once(answer: Reply, said: str) -> None:
    async with serving(answer) as store, client(Limits(compressed=4000, decompressed=8000)) as http:
        with pytest.raises(ResponseError, match=said):
            await http.request("GET", store.url)
    assert len(store.heads) == 1


async def test_a_bomb_never_fills_the_memory() -> None:
    """Packed so that each piece on the way would be far too large by itself."""
    packer = zlib.compressobj(1, wbits=31)
    bomb = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(64)) + packer.flush()
    async with serving(reply(bomb, GZIP)) as store, client(Limits(decompressed=MEBIBYTE)) as http:
        tracemalloc.start()
        try:
            with pytest.raises(ResponseError, match="more than 1 MB"):
                await http.request("GET", store.url)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert len(bomb) < MEBIBYTE
    assert peak < 5 * MEBIBYTE


async def test_the_length_that_a_store_states_is_enough_to_refuse_it() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 33554433\r\n\r\n"
    with pytest.raises(ResponseError, match="more than 32 MB"):
        await fetch(head)
    assert Limits().decompressed == 64 * MEBIBYTE


async def test_a_head_request_has_no_body() -> None:
    assert await fetch(reply(b"", status="200 OK"), method="HEAD") == b""


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nconte",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header " + TOKEN.encode() + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_a_connection_that_breaks_is_tried_again_and_then_unavailable(broken: bytes) -> None:
    assert await fetch(broken, broken, reply(BODY)) == BODY
    with pytest.raises(UnavailableError, match=r"The connection to 127\.0\.0\.1 broke off") as caught:
        await fetch(broken)
    assert caught.value.__suppress_context__  # it may quote what was sent, or what the store chose to send


async def test_a_closed_port_refuses_connections() -> None:
    async with serving(reply()) as store:
        pass
    async with client() as http:
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1 refuses connections; check the address"):
            await http.request("GET", store.url)


async def test_a_store_that_does_not_answer_is_given_up() -> None:
    async with serving(hang) as store, client(patience=0.01) as http:
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1 did not answer in time"):
            await http.request("POST", store.url)


async def test_a_store_that_never_comes_to_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hesitate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n[")
        await hang(reader, writer)

    monkeypatch.setattr("hub_core.channels.http.LONGEST_EXCHANGE", 0.01)
    async with serving(hesitate) as store, client() as http:
        with pytest.raises(UnavailableError, match="did not answer in time"):
            await http.request("GET", store.url)
        assert http.calls == 4


async def test_a_request_that_is_cancelled_ends_at_once_and_leaves_no_connection() -> None:
    asked = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await hang(reader, writer)

    async with serving(wait) as store, client() as http:
        task = asyncio.create_task(http.request("GET", store.url))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_connection_is_used_again() -> None:
    heads: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(b"connection")
        while head := await reader.readuntil(b"\r\n\r\n"):
            heads.append(head)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await keep(reader, writer)

    async with listening(answer) as port, client() as http:
        for _ in range(3):
            await http.request("GET", f"http://127.0.0.1:{port}")
    assert heads.count(b"connection") == 1
    assert len(heads) == 4


async def test_no_cookie_is_kept() -> None:
    async with serving(reply(BODY, f"set-cookie: session={COOKIE}; path=/")) as store, client() as http:
        await http.request("GET", store.url)
        await http.request("GET", store.url)
    assert b"cookie" not in store.heads[1].lower()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_redirect_on_the_same_host_is_followed(status: str, method: str) -> None:
    async with serving(reply(b"", "location: /there?a=1", status=status), reply(b"")) as store, client() as http:
        await http.request(method, f"{store.url}/here", headers={"Token": TOKEN})
        assert http.calls == 2
    assert store.heads[1].startswith(f"{method} /there?a=1 HTTP/1.1".encode())
    assert f"token: {TOKEN}".encode() in store.heads[1].lower()


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("http://127.0.0.2:{port}/", "127.0.0.2"),
        ("http://localhost:{port}/", "localhost"),
        ("//evil.example/x", "evil.example"),
        ("https://127.0.0.1:{port}/", "127.0.0.1"),
        ("http://127.0.0.1:1/", "127.0.0.1"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://127.0.0.1:{port}@evil.example/", "evil.example"),
        ("http://" + TOKEN + ".evil.example/", "***.evil.example"),
        ("ftp://127.0.0.1:{port}/", "127.0.0.1"),
        ("javascript:alert(1)", ""),
    ],
)
async def test_a_redirect_elsewhere_is_not_followed_and_says_where(location: str, where: str) -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        writer.write(reply(b"", f"location: {location.format(port=port)}", status="302 Found"))

    async with serving(redirect) as store, client() as http:
        with pytest.raises(ResponseError, match=f"redirects to '{where.replace('*', '[*]')}', which the hub does not"):
            await http.request("GET", store.url)
    assert len(store.heads) == 1


async def test_a_redirect_with_a_password_is_not_followed() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        writer.write(reply(b"", f"location: http://a:b@127.0.0.1:{port}/", status="302 Found"))

    async with serving(redirect) as store, client() as http:
        with pytest.raises(ResponseError, match="user name or password"):
            await http.request("GET", store.url)
    assert len(store.heads) == 1


@pytest.mark.parametrize("headers", [(), ("location: http://a:b:c/",)])
async def test_a_redirect_to_nowhere_is_not_followed(headers: tuple[str, ...]) -> None:
    with pytest.raises(ResponseError, match="not to a readable address"):
        await fetch(reply(b"", *headers, status="302 Found"))


async def test_an_unsafe_request_is_not_redirected() -> None:
    with pytest.raises(ResponseError, match="does not follow"):
        await fetch(reply(b"", "location: /there", status="307 Temporary"), method="POST")


async def test_a_circle_of_redirects_ends_and_each_round_takes_its_budget() -> None:
    budget = FakeBudget()
    async with (
        serving(reply(b"", "location: /", status="302 Found")) as store,
        StoreHttp(budget=budget, clock=FakeClock(), allow_private=True) as http,
    ):
        with pytest.raises(ResponseError, match="more than 5 times"):
            await http.request("GET", store.url)
        assert http.calls == len(store.heads) == len(budget.taken) == 6


LEAKS = [
    "httpx",
    "httpcore",
    "httpcore.http11",
    "httpcore.connection",
    "hub_core",
    "hub_core.http",
    "stamina",
    "asyncio",
    "anyio",
]


@pytest.fixture
def loudest() -> Iterator[None]:
    """All loggers at DEBUG, set in the way in which a program sets its logging up."""
    before = {name: logging.getLogger(name).level for name in LEAKS}
    levels = {name: {"level": "DEBUG"} for name in LEAKS}
    logging.config.dictConfig({"version": 1, "incremental": True, "loggers": levels})
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("loudest")
async def test_no_log_shows_a_secret_or_a_header(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = (
        reply(b"", f"set-cookie: {COOKIE}", status="503 No"),
        reply(b"", f"location: /there/{TOKEN}?key={COOKIE}", status="302 Found"),
        reply(b"no", f"x-echo: {TOKEN}", f"set-cookie: {COOKIE}", status="400 Bad"),
    )
    async with serving(*answers) as store, client() as http:
        with pytest.raises(ResponseError):
            await http.request(
                "GET", f"{store.url}/x/{TOKEN}?key={COOKIE}", headers={"Token": TOKEN, "PrivateKey": COOKIE}
            )
        with pytest.raises(ResponseError):
            await http.request("POST", store.url, headers={"Token": TOKEN}, form={"client_secret": COOKIE})
    written = (
        caplog.text + "".join(map(str, (vars(record) for record in caplog.records))) + "".join(capsys.readouterr())
    )
    assert "GET 127.0.0.1 /x/***: 503 in " in caplog.text
    assert "GET 127.0.0.1 /there/***: 400 in " in caplog.text
    assert "attempt 1: 127.0.0.1 has a fault of its own (503)" in caplog.text
    for secret in (TOKEN, COOKIE, "set-cookie", "key="):
        assert secret not in written


def test_the_library_that_repeats_requests_logs_nothing_itself() -> None:
    assert get_on_retry_hooks() == ()


@pytest.mark.usefixtures("loudest")
async def test_what_another_program_in_this_process_logs_of_its_own_requests_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(reply()) as store, httpx.AsyncClient() as other:
        await other.get(store.url)
    assert {"httpx", "httpcore.http11"} <= {record.name for record in caplog.records}


def _name_of(host: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)


def certificate(folder: Path, days: int, host: str) -> Path:
    """Make a certificate that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_name_of(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "shop.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(
    ("days", "host", "trusted"), [(1, "127.0.0.1", False), (-1, "127.0.0.1", True), (1, "127.0.0.2", True)]
)
async def test_a_store_with_a_certificate_that_is_not_valid_gets_no_request(
    *, days: int, host: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, days, host)
    context = ssl.create_default_context(cafile=file if trusted else None)
    monkeypatch.setattr("hub_core.channels.transport._tls", lambda: context)
    serve = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serve.load_cert_chain(file)
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.read())

    async with listening(answer, serve) as port, client() as http:
        with pytest.raises(UnavailableError, match="a certificate that is not valid"):
            await http.request("GET", f"https://127.0.0.1:{port}")
        assert http.calls == 1
    assert not any(heads)


async def test_the_certificate_must_be_that_of_the_name_whatever_address_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, 1, "shop.example")
    context = ssl.create_default_context(cafile=file)
    monkeypatch.setattr("hub_core.channels.transport._tls", lambda: context)
    serve = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serve.load_cert_chain(file)

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    transport = GuardedTransport(allow_private=True, resolver=here)
    store = LoopbackStore([reply(BODY)])
    async with (
        listening(store.answer, serve) as port,
        StoreHttp(budget=NoBudget(), clock=FakeClock(), allow_private=True, transport=transport) as http,
    ):
        assert (await http.request("GET", f"https://shop.example:{port}")).body == BODY
        with pytest.raises(UnavailableError, match=r"other\.example shows a certificate that is not valid"):
            await http.request("GET", f"https://other.example:{port}")


async def test_a_store_that_speaks_no_https_is_said_to() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply())

    async with listening(speak) as port, client() as http:
        with pytest.raises(UnavailableError, match="does not speak HTTPS as it should"):
            await http.request("POST", f"https://127.0.0.1:{port}")
