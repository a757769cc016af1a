"""The connection to Discord's gateway: discord.py's client, which keeps it alive and resumes it.

What it is told is passed on as it came, before the library makes objects of it: the library builds
a world of caches that nothing here needs, and ends when it meets an event of another shape.
"""

import asyncio
import logging
import warnings
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from channels.discord.refusals import missing_intent, wrong_token
from channels.discord.transport import Transport, decode
from channels.errors import ChannelError, Unreachable

with warnings.catch_warnings():
    # Its voice part imports a module that Python 3.13 leaves out; it requires a stand-in there.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord.gateway import DiscordWebSocket
    from discord.http import HTTPClient, Route

Json = dict[str, Any]
HEARTBEAT_TIMEOUT = 50.0
"""Seconds without a word after which the connection counts as dead. Discord asks for a heartbeat
every 41.25 s, and answers it: https://docs.discord.com/developers/events/gateway#sending-heartbeats
"""

_BURST = 10
_BURST_SECONDS = 10.0
_ASK_AGAIN = 0.05
"""Seconds after which a connection that was told to end is told once more."""
_WORDLESS_CLOSE = aiohttp.ClientWSTimeout(ws_close=2.0)

# At DEBUG the library logs what people write; what it warns of (reconnecting, no voice) is told by
# the channel's health.
logging.getLogger("discord").setLevel(logging.ERROR)


class Link(discord.Client):
    """One client, for as long as it lives: it is started once, and a new one made when it ends.

    `heard` gets every payload, in order; it must not raise. `lost` is called when a connection
    ends and is about to be resumed or made anew.
    """

    def __init__(
        self,
        transport: Transport,
        gateway_url: str,
        http: aiohttp.ClientSession,
        *,
        heard: Callable[[Json], None],
        lost: Callable[[], None],
        identify_pause: float,
        heartbeat_timeout: float = HEARTBEAT_TIMEOUT,
    ) -> None:
        self._wire = _Wire(transport, gateway_url, http, pause=identify_pause)
        self._heard = heard
        self._lost = lost
        self._identify_pause = identify_pause
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True, message_content=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_debug_events=True,
            heartbeat_timeout=heartbeat_timeout,
        )

    async def serve(self, token: str) -> None:
        """Be connected. Returns when Discord ends it for good; raises `ChannelError`."""
        starting = asyncio.create_task(self.start(token, reconnect=False))
        try:
            await asyncio.wait([starting])
            starting.result()
        except ChannelError:
            raise
        except discord.PrivilegedIntentsRequired:
            raise missing_intent(self._wire.account) from None
        except discord.ConnectionClosed as error:
            raise self._closed(error.code) from None
        except Exception as error:
            # A malformed event ends the library's loop with whatever it stumbled over.
            name = type(error).__name__
            raise Unreachable(f"the connection to Discord ended: {name}") from error
        finally:
            # The library waits with asyncio.wait_for, which in Python 3.11 forgets a cancellation
            # that comes as the connection does: it would stay connected for ever.
            while not starting.done():
                starting.cancel()
                await asyncio.wait([starting], timeout=_ASK_AGAIN)
            # The library lets the task that waits for every server outlive its client.
            if (waiting := self._connection._ready_task) is not None:
                waiting.cancel()
            await self.close()

    def _closed(self, code: int) -> ChannelError:
        # https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway
        match code:
            case 4004:
                return wrong_token(self._wire.account)
            case 4014:
                return missing_intent(self._wire.account)
            case 4011:
                return Unreachable("the bot is in more servers than one connection may serve")
            case _:
                return Unreachable(f"Discord closed the connection ({code})")

    # What discord.py calls ----------------------------------------------------------------------

    async def on_socket_raw_receive(self, message: str | bytes) -> None:
        """Every payload, before it is looked at; with an `await` they would lose their order."""
        try:
            payload = decode(message)
        except ValueError:
            return
        if isinstance(payload, dict):
            self._heard(payload)

    async def on_disconnect(self) -> None:
        """The connection ended."""
        self._lost()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Nothing is done in the library's own events that could fail."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Discord wants a pause before a session begins anew: events/gateway#resuming."""
        if not initial:
            await asyncio.sleep(self._identify_pause)

    def _get_state(self, **options: Any) -> Any:
        self.http = self._wire
        return super()._get_state(**options)


class _Wire(HTTPClient):
    """The library's HTTP client, whose calls go our way and to the configured addresses."""

    def __init__(
        self,
        transport: Transport,
        gateway_url: str,
        http: aiohttp.ClientSession,
        *,
        pause: float,
    ) -> None:
        super().__init__(asyncio.get_running_loop())
        self._pause = pause
        self._connects: deque[float] = deque(maxlen=_BURST)
        self.account = transport.account
        self._transport = transport
        self._gateway = URL(gateway_url)
        self._shared = http

    async def request(self, route: Route, **arguments: Any) -> Any:
        """See `HTTPClient`; only what logging in asks for comes through here."""
        path = route.url.removeprefix(Route.BASE)
        return await self._transport.call(route.method, path, arguments.get("json"))

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """See `HTTPClient`. A session that resumes names its own address; others take ours."""
        await self._not_too_often()
        wanted = URL(url)
        if wanted.host == DiscordWebSocket.DEFAULT_GATEWAY.host:
            wanted = self._gateway.with_query(wanted.query)
        return await self._shared.ws_connect(
            wanted,
            max_msg_size=0,
            autoclose=False,
            compress=compress,
            timeout=_WORDLESS_CLOSE,
            headers={"User-Agent": self.user_agent},
        )

    async def _not_too_often(self) -> None:
        """A server that takes connections and ends them must not be asked without a pause."""
        loop = asyncio.get_running_loop()
        if len(self._connects) == _BURST and loop.time() - self._connects[0] < _BURST_SECONDS:
            await asyncio.sleep(self._pause)
        self._connects.append(loop.time())
