"""Fetching files from addresses that came from outside, without being led astray.

An address in a message can point at this machine, at its neighbours, or at a cloud's metadata; a
harmless name can resolve to them, now or at the next look; and a harmless server can redirect to
them. So only what is named beforehand is asked, a name is resolved once, every address that it
resolves to must be public, and the connection goes to what was checked.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from socket import AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from channels.addresses import public
from channels.errors import Rejected, Unreachable

MOST_REDIRECTS = 3
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""The longest time between two chunks."""
TOTAL_SECONDS = 300.0

_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Those of which the next try may bring the file.
_PASSING = frozenset({408, 425, 429})


class PublicResolver(AbstractResolver):
    """Resolves names, and raises `Rejected` for one with any address that `allowed` refuses.

    One bad address among good ones is enough: which one is connected to is not ours to say.
    """

    def __init__(
        self, resolver: AbstractResolver, *, allowed: Callable[[str], bool] = public
    ) -> None:
        self._resolver = resolver
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Every address of a name. Raises `Rejected`, or OSError when it has none."""
        found = await self._resolver.resolve(host, port, family)
        if not all(self._allowed(each["host"]) for each in found):
            raise Rejected("the file's host has an address that is not public")
        return found

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._resolver.close()


@dataclass(frozen=True, slots=True)
class Page:
    """What was found at an address.

    `url` is where it led to. `type` is the media type that its host claims, `charset` the encoding.
    `data` is all of it, or the beginning where it was `cut`.
    """

    url: str
    type: str
    charset: str | None
    data: bytes
    cut: bool


class Fetcher:
    """Fetches files from the hosts of one platform, and from nowhere else; or from `everywhere`.

    `trusted` are origins that the owner configured (``http://127.0.0.1:8081``): they are reached
    wherever they are. `hosts` are the names of the platform's other hosts: they are reached over
    HTTPS at its own port, and only at public addresses. With `everywhere`, so is any host, and over
    HTTP, too. `resolver` is for tests; the system's is used without it.
    """

    def __init__(
        self,
        *,
        trusted: Collection[str] = (),
        hosts: Collection[str] = (),
        everywhere: bool = False,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._trusted = frozenset(URL(each).origin() for each in trusted)
        self._everywhere = everywhere
        self._hosts = frozenset(each.lower() for each in hosts)
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def stream(
        self, url: str, *, headers: Mapping[str, str] = {}
    ) -> AsyncGenerator[bytes, None]:
        """The content of a file, in pieces, as it comes.

        `headers` go to the origin of `url` alone and are dropped on the way to any other. How
        much comes is for the caller to watch. Raises `Rejected` when the file is not there or is
        not ours to fetch, and `Unreachable` when a later try may bring it; neither tells the
        address, which may hold a token.
        """
        with _explained():
            async with self._followed(_parsed(url), headers) as response:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    yield chunk

    async def page(self, url: str, *, most: int) -> Page:
        """What is found at an address, its first `most` bytes. Raises as `stream` does."""
        data = bytearray()
        with _explained():
            async with self._followed(_parsed(url), {}) as response:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    data += chunk
                    if len(data) > most:
                        break
                return Page(
                    url=str(response.url),
                    type=response.content_type,
                    charset=response.charset,
                    data=bytes(data[:most]),
                    cut=len(data) > most,
                )

    async def close(self) -> None:
        """Close every connection."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    @asynccontextmanager
    async def _followed(
        self, url: URL, headers: Mapping[str, str]
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """The answer that an address leads to."""
        first = url.origin()
        for _ in range(MOST_REDIRECTS + 1):
            sent = {"Accept-Encoding": "identity", **(headers if url.origin() == first else {})}
            async with self._session(url).get(url, headers=sent, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    _check(response)
                    yield response
                    return
                url = _redirected(url, response)
        raise Rejected(f"the file's host redirects more than {MOST_REDIRECTS} times")

    def _session(self, url: URL) -> aiohttp.ClientSession:
        """The session for an address. Raises `Rejected` for one that is not to be asked."""
        trusted = url.origin() in self._trusted
        if not trusted:
            host = url.host or ""
            if self._everywhere:
                if not url.is_default_port():
                    raise Rejected("the address names a port, and only 80 and 443 are asked")
            elif host not in self._hosts or url.scheme != "https" or url.port != 443:
                raise Rejected("the file is not on a host of its platform")
            # Numeric hosts are connected to without asking any resolver.
            if _numeric(host) and not public(host):
                raise Rejected("the file's host has an address that is not public")
        if trusted not in self._sessions:
            self._sessions[trusted] = self._opened(trusted)
        return self._sessions[trusted]

    def _opened(self, trusted: bool) -> aiohttp.ClientSession:
        resolver = self._resolver or aiohttp.ThreadedResolver()
        if not trusted:
            resolver = PublicResolver(resolver)
        return aiohttp.ClientSession(
            # Whoever fetches bounds how many files come at once; a queue here would eat their time.
            connector=aiohttp.TCPConnector(limit=0, resolver=resolver, use_dns_cache=False),
            # A proxy would resolve the name anew, out of our sight.
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=TOTAL_SECONDS, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
            ),
        )


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what goes wrong on the way into errors of channels, without the address."""
    try:
        yield
    except TimeoutError:
        raise Unreachable("the file's host does not answer in time") from None
    except (aiohttp.ClientError, OSError) as error:
        # The texts of these errors hold the address.
        raise Unreachable(f"the file could not be fetched ({type(error).__name__})") from None


def _parsed(text: str) -> URL:
    try:
        url = URL(text)
        url.origin()
    except ValueError:
        raise Rejected("the file's address is no web address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise Rejected("the file's address is no web address")
    if url.user is not None or url.password is not None:
        raise Rejected("the file's address names a user")
    return url


def _redirected(url: URL, response: aiohttp.ClientResponse) -> URL:
    location = response.headers.get("Location")
    if not location:
        raise Rejected("the file's host redirects to nowhere")
    try:
        return _parsed(str(url.join(URL(location))))
    except ValueError:
        raise Rejected("the file's host redirects to what is no web address") from None


def _check(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        raise Unreachable(f"the file's host has trouble (HTTP {status})")
    if status != HTTPStatus.OK:
        raise Rejected(f"the file is not to be had (HTTP {status})")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        # Nothing is unpacked here: a few bytes can become a full disk.
        raise Rejected("the file comes packed although it was asked for as it is")


def _numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
