"""What is answered over HTTP, to whom, and how little a client can make the gateway hold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from gateway.api import http
from gateway.api.http import HttpServer, health_routes, metrics_routes
from gateway.api.http_errors import HttpUnavailable
from gateway.api.http_guard import Guard
from gateway.health import Verdict

TOKEN = "t" * 40
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE = 10.0
WELL = Verdict(live=True, ready=True, reasons=())


class Asked:
    """A server on loopback, and whoever asks it."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self.verdict = WELL
        self.broken = asyncio.Event()
        self.server = HttpServer(
            {
                **health_routes(lambda: self.verdict),
                **metrics_routes(self._figures, "text/plain; version=0.0.4"),
                "/broken": self._break,
            },
            Guard(TOKEN, ["argent"]),
            host="127.0.0.1",
            port=0,
        )

    async def _figures(self) -> bytes:
        return b"argent_live 1\n"

    async def _break(self, _: web.BaseRequest) -> web.Response:
        raise ValueError("a secret of the gateway's")

    async def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", **more: object
    ) -> tuple[int, str, dict[str, str]]:
        """The status, body and headers of an answer."""
        async with self._client.request(
            method,
            f"http://127.0.0.1:{self.server.port}{path}",
            headers=SHOWN if headers is None else headers,
            **more,  # type: ignore[arg-type]
        ) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    async def say(self, words: bytes) -> bytes:
        """Everything that is answered to these bytes, until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(words)
            async with asyncio.timeout(PATIENCE):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with aiohttp.ClientSession() as client:
        made = Asked(client)
        await made.server.start()
        try:
            yield made
        finally:
            await made.server.stop()


@pytest.fixture
def short_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LIFETIME", 0.05)


async def test_whoever_has_the_token_is_told_how_the_gateway_is(asked: Asked) -> None:
    assert (await asked.get("/healthz"))[:2] == (200, '{"live":true}')
    assert (await asked.get("/readyz"))[:2] == (200, '{"ready":true,"reasons":[]}')
    asked.verdict = Verdict(live=True, ready=False, reasons=("no channel is healthy",))
    assert (await asked.get("/healthz"))[0] == 200
    assert (await asked.get("/readyz"))[:2] == (
        503,
        '{"ready":false,"reasons":["no channel is healthy"]}',
    )
    asked.verdict = Verdict(live=False, ready=False, reasons=("the event loop is late",))
    assert (await asked.get("/healthz"))[:2] == (503, '{"live":false}')


async def test_figures_are_told_as_prometheus_reads_them(asked: Asked) -> None:
    status, body, headers = await asked.get("/metrics")
    assert (status, body) == (200, "argent_live 1\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/broken", "/else", "/"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}t"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
async def test_nobody_without_the_token_learns_even_what_there_is(
    asked: Asked, path: str, headers: dict[str, str]
) -> None:
    status, _, told = await asked.get(path, headers)
    assert status == 401
    assert told["WWW-Authenticate"] == 'Bearer realm="argent"'


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9464", 200),
        ("127.0.0.1", 200),
        ("[::1]:9464", 200),
        ("10.1.2.3:9464", 200),
        ("Argent:9464", 200),
        ("argent.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:9464", 421),
        ("evil.example@localhost", 200),  # the name is behind the @, as in any address
        ("localhost@evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_a_page_whose_name_was_made_to_lead_here_is_refused(
    asked: Asked, host: str, status: int
) -> None:
    assert (await asked.get("/healthz", {**SHOWN, "Host": host}))[0] == status


@pytest.mark.parametrize("what", [b"GET /healthz", b"GET /nowhere", b"OPTIONS *", b"TRACE /"])
@pytest.mark.parametrize("more", [b"Expect: words of theirs", b"Expect: 100-continue", b"X: x"])
async def test_nothing_is_answered_before_the_token_was_seen(
    asked: Asked, what: bytes, more: bytes
) -> None:
    said = await asked.say(b"%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n" % (what, more))
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"of theirs" not in said
    assert b"aiohttp" not in said


async def test_a_request_without_a_name_is_refused(asked: Asked) -> None:
    answer = await asked.say(
        f"GET /healthz HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    )
    assert answer.split(b"\r\n")[0].endswith(b"421 Misdirected Request")


async def test_a_token_in_an_address_is_refused(asked: Asked) -> None:
    assert (await asked.get(f"/healthz?token={TOKEN}"))[0] == 400


async def test_a_body_is_refused_and_not_read(asked: Asked) -> None:
    assert (await asked.get("/healthz", data=b"x" * 10))[0] == 413
    head = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    answer = await asked.say(f"{head}Content-Length: 1000000000\r\n\r\nx".encode())
    assert b" 413 " in answer


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
async def test_it_can_only_be_read(asked: Asked, method: str, status: int) -> None:
    assert (await asked.get("/healthz", method=method))[0] == status


async def test_what_breaks_is_told_to_nobody(asked: Asked) -> None:
    assert (await asked.get("/broken"))[:2] == (500, '{"error":"it failed"}')
    assert (await asked.get("/else"))[:2] == (404, '{"error":"there is nothing here"}')


@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon here " + TOKEN.encode() + b"\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 1_000 + b"\r\n",
    ],
)
async def test_what_is_no_request_is_refused_without_a_word_about_it(
    asked: Asked, words: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await asked.say(words)
    assert answer.startswith(b"HTTP/1.")
    assert b" 4" in answer.split(b"\r\n")[0]
    assert TOKEN.encode() not in answer
    assert TOKEN not in caplog.text


async def test_no_answer_says_with_what_it_was_made(asked: Asked) -> None:
    for answer in (await asked.get("/healthz"), await asked.get("/else"), await asked.get("/", {})):
        assert answer[2]["Server"] == "argent"
        assert answer[2]["Cache-Control"] == "no-store"
    raw = await asked.say(b"nonsense\r\n\r\n")
    assert b"aiohttp" not in raw
    assert b"Python" not in raw


async def test_every_answer_ends_its_connection(asked: Asked) -> None:
    head = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    answer = await asked.say(head.encode() * 3)
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("words", [b"", b"GET /healthz HTTP/1.1\r\nHost: loc"])
async def test_who_says_nothing_or_too_slowly_is_left(
    short_lived: None, asked: Asked, words: bytes
) -> None:
    assert await asked.say(words) == b""


async def test_more_connections_than_there_is_room_for_are_closed(asked: Asked) -> None:
    idle = [
        await asyncio.open_connection("127.0.0.1", asked.server.port)
        for _ in range(http.MOST_CONNECTIONS)
    ]
    assert await asked.say(b"") == b""
    for _, writer in idle[:2]:
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                assert (await asked.get("/healthz"))[0] == 200
                break
            except aiohttp.ClientError:
                continue
    for _, writer in idle[2:]:
        writer.close()


async def test_a_port_that_is_taken_is_said_with_what_to_do(asked: Asked) -> None:
    second = HttpServer({}, Guard(TOKEN), host="127.0.0.1", port=asked.server.port)
    with pytest.raises(HttpUnavailable, match=r"listens there already .* choose another port"):
        await second.start()
    await second.stop()


async def test_an_address_of_another_machine_is_said_with_what_to_do() -> None:
    elsewhere = HttpServer({}, Guard(TOKEN), host="192.0.2.1", port=0)
    with pytest.raises(HttpUnavailable, match="choose another host"):
        await elsewhere.start()


@asynccontextmanager
async def half_open(port: int) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader
    finally:
        writer.close()


async def test_a_client_that_stays_does_not_hold_up_the_end() -> None:
    server = HttpServer({}, Guard(TOKEN), host="127.0.0.1", port=0)
    await server.start()
    async with half_open(server.port) as reader:
        async with asyncio.timeout(PATIENCE):
            await server.stop()
            assert await reader.read() == b""
