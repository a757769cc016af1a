"""One streaming request to a model provider, on the HTTP session that all of Argent shares."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp
import orjson

from agents.errors import BadRequest, BadResponse, ModelError, NotReachable
from agents.models.body import Body
from agents.models.bounded import BoundedResponse
from agents.models.model import ModelAnswer, ModelEvent, TextDelta, Working
from agents.models.problems import failure, read_problem, read_retry_after
from agents.models.sse import Event, EventParser, EventTooLong
from agents.models.words import loads

LONGEST_ERROR = 64 * 1024
LONGEST_WHOLE = 8 * 1024 * 1024
_DRAIN_SECONDS = 0.1
_WORKING = Working()


def new_session() -> aiohttp.ClientSession:
    """The one session for everything that speaks HTTP: make one, close it at the end.

    It takes no proxy or password from the environment, keeps no cookies, reads no answer without
    an end, and does not limit connections (the gateway limits its turns and its sends).
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        response_class=BoundedResponse,
        timeout=aiohttp.ClientTimeout(total=None),
        json_serialize=lambda value: orjson.dumps(value).decode(),
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is and how to be let in.

    The headers, which hold the key, go to this origin and nowhere else: redirects are refused.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str | None = field(default=None, repr=False)
    connect: float = 10.0

    def clean(self, text: str) -> str:
        """A text from the provider without the key, should it be quoted there."""
        return text.replace(self.secret, "[key]") if self.secret else text

    def url(self, path: str) -> str:
        """The address of an operation."""
        return self.base_url.rstrip("/") + path


class Reader(Protocol):
    """Makes an answer out of one provider's events. Every method may raise a `ModelError`."""

    @property
    def done(self) -> bool:
        """Whether nothing of interest can follow."""

    def feed(self, event: Event) -> str:
        """Take an event; returns the words that it brought."""

    def whole(self, body: Any) -> str:
        """Take a response of a server that does not stream; returns its words."""

    def finish(self) -> ModelAnswer:
        """The answer, once the stream has ended. Raises `BadResponse` when it was cut off."""


async def stream(
    http: aiohttp.ClientSession, endpoint: Endpoint, path: str, body: Body, reader: Reader
) -> AsyncGenerator[ModelEvent, None]:
    """Send a request and yield what comes of it. Raises a `ModelError`, never with the key."""
    try:
        async with _opened(http, endpoint, path, body) as response:
            if "json" in response.content_type and "event" not in response.content_type:
                words = reader.whole(await _read_json(response))
                if words:
                    yield TextDelta(words)
            else:
                async for words in _words(response, reader):
                    yield TextDelta(words) if words else _WORKING
            yield reader.finish()
    except ModelError as error:
        error.args = (endpoint.clean(str(error)), *error.args[1:])
        raise


async def get_json(
    http: aiohttp.ClientSession, endpoint: Endpoint, path: str, question: Any = None
) -> Any:
    """A JSON document of the provider, or its answer to a `question` that is posted.

    Raises a `ModelError`, never with the key.
    """
    try:
        async with (
            _translated(endpoint),
            http.request(
                "GET" if question is None else "POST",
                endpoint.url(path),
                data=None if question is None else orjson.dumps(question),
                headers=endpoint.headers,
                allow_redirects=False,
                timeout=_timeout(endpoint),
            ) as response,
        ):
            await _raise_for_status(response)
            return await _read_json(response)
    except ModelError as error:
        error.args = (endpoint.clean(str(error)), *error.args[1:])
        raise


@asynccontextmanager
async def _opened(
    http: aiohttp.ClientSession, endpoint: Endpoint, path: str, body: Body
) -> AsyncIterator[aiohttp.ClientResponse]:
    async with _translated(endpoint):
        try:
            response = await _post(http, endpoint, path, body)
        except aiohttp.ServerDisconnectedError:
            # A kept connection that the server had closed meanwhile; a new one will tell.
            response = await _post(http, endpoint, path, body)
        try:
            await _raise_for_status(response)
            yield response
        finally:
            # Not release(): what is still under way must stop being produced, and paid for.
            response.close()


async def _post(
    http: aiohttp.ClientSession, endpoint: Endpoint, path: str, body: Body
) -> aiohttp.ClientResponse:
    return await http.post(
        endpoint.url(path),
        data=body,
        headers=endpoint.headers,
        allow_redirects=False,
        timeout=_timeout(endpoint),
    )


def _timeout(endpoint: Endpoint) -> aiohttp.ClientTimeout:
    # Only to connect: how long an answer may take is for the agent to say.
    return aiohttp.ClientTimeout(total=None, sock_connect=endpoint.connect)


@asynccontextmanager
async def _translated(endpoint: Endpoint) -> AsyncIterator[None]:
    """Turn aiohttp's errors into ours; theirs can hold the request's headers, so none is kept."""
    where = endpoint.base_url
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ClientOSError, TimeoutError) as error:
        raise NotReachable(f"no connection to {where}: {_reason(error)}") from None
    except aiohttp.ServerDisconnectedError:
        raise NotReachable(f"{where} closed the connection") from None
    except aiohttp.ClientPayloadError:
        raise BadResponse(f"{where} cut its answer off") from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise BadRequest(f"{where} is no address of a model provider; see base_url") from None
    except EventTooLong as error:
        raise BadResponse(f"{where}: {error}") from None
    except aiohttp.ClientError as error:
        raise BadResponse(f"{where} does not speak HTTP ({type(error).__name__})") from None


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    cause = getattr(error, "os_error", error)
    number = getattr(cause, "errno", None) or 0
    return os.strerror(number) if number > 0 else type(cause).__name__


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status == 200:
        return
    if 300 <= response.status < 400:
        raise BadRequest(f"HTTP {response.status}: {response.url.origin()} redirects; see base_url")
    body = await _read(response, LONGEST_ERROR)
    raise failure(read_problem(body, response.status, read_retry_after(response.headers)))


async def _words(response: aiohttp.ClientResponse, reader: Reader) -> AsyncIterator[str]:
    """The words that each read brings; empty where it brought something else."""
    if "html" in response.content_type:
        raise BadResponse(f"{response.url.origin()} answered with a web page; see base_url")
    parser = EventParser()
    async for chunk in response.content.iter_any():
        words = [reader.feed(event) for event in parser.feed(chunk)]
        yield words[0] if len(words) == 1 else "".join(words)
        if reader.done:
            await _drain(response)
            return


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read the response's end, so that its connection can serve the next call."""
    if response.content.at_eof():
        return
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while not response.content.at_eof():
                await response.content.readany()
    except (TimeoutError, aiohttp.ClientError):
        pass  # The answer is complete; only the connection is lost.


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            break
    return bytes(body[:limit])


async def _read_json(response: aiohttp.ClientResponse) -> Any:
    body = await _read(response, LONGEST_WHOLE)
    try:
        return loads(body)
    except BadResponse:
        raise BadResponse(f"{response.url.origin()} answered with no JSON") from None
