"""One safe fetcher: it cannot be led to addresses inside, and tells its secrets to one origin."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import AF_INET, AddressFamily

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from channels.addresses import public
from channels.errors import Rejected, Unreachable
from channels.fetching import MOST_REDIRECTS, Fetcher, PublicResolver

CDN = "cdn.example"
SPECIAL = (
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2002:7f00:1::",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "127.1",
    "not an address",
)
PUBLIC = ("1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101")


class Names(AbstractResolver):
    """Answers each question with the next list of addresses; the last one serves for all further
    questions. Connections go to `port`, whatever the address asked for."""

    def __init__(self, port: int, *answers: list[str]) -> None:
        self._port = port
        self._answers = answers
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host, host=each, port=self._port, family=AF_INET, proto=0, flags=0
            )
            for each in answer
        ]

    async def close(self) -> None:
        return None


@dataclass
class Canary:
    """Counts who connects."""

    port: int = 0
    connections: int = 0


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    seen = Canary()

    async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    yield seen
    server.close()
    await server.wait_closed()


@dataclass
class Host:
    """A server of files at a root URL, and the requests that it got."""

    root: str = ""
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)


Answer = Callable[[web.Request], web.StreamResponse]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Host]:
    host = Host()

    async def handle(request: web.Request) -> web.StreamResponse:
        host.requests.append((request.path, dict(request.headers)))
        return answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield host
    finally:
        await runner.cleanup()


@asynccontextmanager
async def a_fetcher(
    *, trusted: tuple[str, ...] = (), resolver: AbstractResolver | None = None
) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(trusted=trusted, hosts=(CDN, "127.0.0.1"), resolver=resolver)
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def fetched(fetcher: Fetcher, url: str, **headers: str) -> bytes:
    return b"".join([chunk async for chunk in fetcher.stream(url, headers=headers)])


@pytest.mark.parametrize("address", SPECIAL)
async def test_a_name_that_leads_inside_is_not_connected_to(address: str, canary: Canary) -> None:
    async with a_fetcher(resolver=Names(canary.port, [address])) as fetcher:
        with pytest.raises(Rejected):
            await fetched(fetcher, f"https://{CDN}/file")
    assert canary.connections == 0
    assert not public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_other_addresses_are_public(address: str) -> None:
    assert public(address)


async def test_one_address_inside_among_public_ones_is_enough(canary: Canary) -> None:
    for answer in (["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"]):
        async with a_fetcher(resolver=Names(canary.port, answer)) as fetcher:
            with pytest.raises(Rejected):
                await fetched(fetcher, f"https://{CDN}/file")
    assert canary.connections == 0


async def test_a_name_is_resolved_once_and_the_connection_goes_to_that_answer() -> None:
    # A name that changes its answer between the look and the leap finds no second look.
    async with serving(lambda _: web.Response(body=b"here")) as host:
        names = Names(int(host.root.rpartition(":")[2]), ["127.0.0.1"], ["127.0.0.2"])
        judged: list[str] = []
        resolver = PublicResolver(names, allowed=lambda each: not judged.append(each))
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"http://{CDN}/") as response,
        ):
            assert await response.read() == b"here"
        assert host.requests[0][1]["Host"] == CDN
    assert names.asked == 1
    assert judged == ["127.0.0.1"]


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/file",
        "https://[::1]/file",
        f"http://{CDN}/file",
        f"https://{CDN}:8443/file",
        f"https://{CDN}.evil.example/file",
        f"https://{CDN}@127.0.0.1/file",
        f"https://user:secret@{CDN}/file",
        "file:///etc/passwd",
        "ftp://cdn.example/file",
        "https:///file",
        "//",
        "",
        "https://[::1/file",
        "http://localhost/",
    ],
)
async def test_only_the_platforms_hosts_are_asked(address: str, canary: Canary) -> None:
    async with a_fetcher(resolver=Names(canary.port, ["127.0.0.1"])) as fetcher:
        with pytest.raises(Rejected) as caught:
            await fetched(fetcher, address)
    assert canary.connections == 0
    assert "secret" not in str(caught.value)


async def test_an_origin_that_the_owner_configured_is_reached_also_at_home() -> None:
    async with (
        serving(lambda _: web.Response(body=b"content")) as host,
        a_fetcher(trusted=(f"{host.root}/bot/",)) as fetcher,
    ):
        assert await fetched(fetcher, f"{host.root}/file") == b"content"


async def test_a_redirect_to_an_address_inside_is_not_followed(canary: Canary) -> None:
    for there in (
        f"http://127.0.0.1:{canary.port}/",
        f"https://{CDN}/file",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "http://[",
    ):

        def elsewhere(_: web.Request, there: str = there) -> web.Response:
            return web.Response(status=302, headers={"Location": there})

        async with (
            serving(elsewhere) as host,
            a_fetcher(trusted=(host.root,), resolver=Names(canary.port, ["127.0.0.1"])) as fetcher,
        ):
            with pytest.raises(Rejected):
                await fetched(fetcher, f"{host.root}/file")
    assert canary.connections == 0


async def test_a_secret_does_not_follow_a_redirect_to_another_origin() -> None:
    async with serving(lambda _: web.Response(body=b"content")) as other:

        def hop(request: web.Request) -> web.Response:
            there = "/again" if request.path == "/file" else f"{other.root}/there"
            return web.Response(status=302, headers={"Location": there})

        async with (
            serving(hop) as first,
            a_fetcher(trusted=(first.root, other.root)) as fetcher,
        ):
            content = await fetched(fetcher, f"{first.root}/file", Authorization="Bearer secret")
        assert content == b"content"
        assert [headers.get("Authorization") for _, headers in first.requests] == [
            "Bearer secret"
        ] * 2
    assert [path for path, _ in other.requests] == ["/there"]
    assert "Authorization" not in other.requests[0][1]
    assert "secret" not in str(other.requests)


async def test_redirects_end() -> None:
    def hop(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"/{len(request.path) * 'x'}"})

    async with serving(hop) as host, a_fetcher(trusted=(host.root,)) as fetcher:
        with pytest.raises(Rejected):
            await fetched(fetcher, f"{host.root}/file")
        assert len(host.requests) == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [(404, Rejected), (403, Rejected), (410, Rejected), (429, Unreachable), (503, Unreachable)],
)
async def test_what_is_gone_and_what_may_come_back_are_told_apart(
    status: int, expected: type[Exception]
) -> None:
    async with (
        serving(lambda _: web.Response(status=status)) as host,
        a_fetcher(trusted=(host.root,)) as fetcher,
    ):
        with pytest.raises(expected) as caught:
            await fetched(fetcher, f"{host.root}/bot123:SECRET/file")
    assert "SECRET" not in str(caught.value)


async def test_no_error_tells_the_address(canary: Canary) -> None:
    trusted = f"http://127.0.0.1:{canary.port}"
    async with a_fetcher(trusted=(trusted,)) as fetcher:
        with pytest.raises(Unreachable) as caught:
            await fetched(fetcher, f"{trusted}/bot123:SECRET/file")
    assert "SECRET" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_file_that_is_cut_off_is_not_taken_for_whole() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    async with server:
        root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with a_fetcher(trusted=(root,)) as fetcher:
            with pytest.raises(Unreachable):
                await fetched(fetcher, f"{root}/file")


async def test_nothing_is_unpacked() -> None:
    def packed(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b\x08bomb", headers={"Content-Encoding": "gzip"})

    async with serving(packed) as host, a_fetcher(trusted=(host.root,)) as fetcher:
        with pytest.raises(Rejected):
            await fetched(fetcher, f"{host.root}/file")
        assert host.requests[0][1]["Accept-Encoding"] == "identity"


async def test_cookies_are_not_kept() -> None:
    def baked(_: web.Request) -> web.Response:
        response = web.Response(body=b"x")
        response.set_cookie("session", "1")
        return response

    async with serving(baked) as host, a_fetcher(trusted=(host.root,)) as fetcher:
        for _ in range(2):
            await fetched(fetcher, f"{host.root}/file")
        assert "Cookie" not in host.requests[1][1]


async def test_a_proxy_from_the_environment_is_not_asked(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{canary.port}")
    async with (
        serving(lambda _: web.Response(body=b"content")) as host,
        a_fetcher(trusted=(host.root,)) as fetcher,
    ):
        assert await fetched(fetcher, f"{host.root}/file") == b"content"
    assert canary.connections == 0


async def test_a_fetch_that_is_given_up_ends_its_connection() -> None:
    ended = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100)
        await writer.drain()
        await reader.read()
        writer.close()
        ended.set()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server:
        root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with a_fetcher(trusted=(root,)) as fetcher:
            stream = fetcher.stream(f"{root}/file")
            assert await anext(stream) == b"x" * 100
            await stream.aclose()
            async with asyncio.timeout(5):
                await ended.wait()
