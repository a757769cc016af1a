"""Socket Mode: a WebSocket that Slack speaks over, for apps that cannot be reached.

https://docs.slack.dev/apis/events-api/using-socket-mode/. An envelope is acknowledged when it is
durable; one that is not comes again. The connection is ours: the library's own tries a refused
token for ever, has no bound on connecting, and a session of its own for every app.
"""

import asyncio
import json
from collections.abc import Coroutine
from typing import NoReturn, TypeVar

import aiohttp
import orjson
import structlog

from channels.errors import ChannelError, Conflict, Unauthorized, Unreachable
from channels.pace import Pace
from channels.pulse import Pulse
from channels.slack.catchup import CatchUp
from channels.slack.client import BotClient
from channels.slack.dispatch import Dispatch
from channels.slack.identity import Identity
from channels.slack.intake import Intake

CONNECT_SECONDS = 15.0
"""From the question for an address to Slack's hello."""

QUIET_SECONDS = 15.0
"""After this long without a word a ping is sent, and after as long again the line is dead."""

STEADY_SECONDS = 10.0
"""A connection that ends sooner counts as a failed try."""

T = TypeVar("T")
_MOST_AT_ONCE = 256
_LARGEST = 4 << 20
_log = structlog.get_logger("channels.slack")


class Socket:
    """Takes one app's envelopes in."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        intake: Intake,
        *,
        dispatch: Dispatch,
        catch_up: CatchUp,
        http: aiohttp.ClientSession,
        pulse: Pulse,
        pace: Pace,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._client = client
        self._me = me
        self._intake = intake
        self._dispatch = dispatch
        self._catch_up = catch_up
        self._http = http
        self._pulse = pulse
        self._pace = pace
        self._quiet_seconds = quiet_seconds
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)
        self._lines: set[asyncio.Task[ChannelError]] = set()
        self._working: set[asyncio.Task[None]] = set()
        self._short_lived = 0

    async def run(self) -> NoReturn:
        """Hold a connection until cancelled. Raises `Unauthorized`."""
        line: asyncio.Task[ChannelError] | None = None
        try:
            while True:
                ws = await self._pace.until_done(self._connect, self._failed)
                if line is None or line.done():
                    # For a while nobody was told of anything.
                    self._catch_up.gap()
                else:
                    # What is under way on it may still come; for ever it need not stay.
                    asyncio.get_running_loop().call_later(2 * self._quiet_seconds, line.cancel)
                leaving = asyncio.Event()
                line = _begin(self._lines, self._listen(ws, leaving))
                await self._until_left(line, leaving)
        finally:
            await self._end()

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        """A new connection on which Slack said hello, over a new address: each works once."""
        ws: aiohttp.ClientWebSocketResponse | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                url = await self._client.socket_url()
                ws = await self._http.ws_connect(url, autoping=False, max_msg_size=_LARGEST)
                await self._hello(ws)
        except TimeoutError:
            await _close(ws)
            raise Unreachable(f"Slack did not say hello within {CONNECT_SECONDS:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            await _close(ws)
            # Not chained: the address that was refused holds the ticket.
            text = f"Slack's socket could not be opened: {type(error).__name__}"
            raise Unreachable(text) from None
        except BaseException:
            await _close(ws)
            raise
        if not self._intake.stuck:
            self._pulse.connected()
        return ws

    async def _hello(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await ws.receive()
            if message.type in _ENDS:
                raise Unreachable("Slack closed the socket before it said hello")
            frame = _decoded(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}
            if frame.get("type") == "disconnect":
                reason = frame.get("reason")
                refusal = _refusal(reason, self._me.account)
                raise refusal or Unreachable(f"Slack refused the connection: {reason}")
            if frame.get("type") == "hello":
                return

    async def _until_left(self, line: "asyncio.Task[ChannelError]", leaving: asyncio.Event) -> None:
        """Wait until the connection ended, or Slack said that it soon will."""
        began = asyncio.get_running_loop().time()
        warned = asyncio.create_task(leaving.wait())
        try:
            await asyncio.wait({line, warned}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            warned.cancel()
        if not line.done():
            return
        error = line.result()
        if isinstance(error, Unauthorized):
            raise error
        if not leaving.is_set():
            self._pulse.trouble(str(error), cut_off=True)
        steady = asyncio.get_running_loop().time() - began >= STEADY_SECONDS
        self._short_lived = 0 if steady else self._short_lived + 1
        if self._short_lived > 1:
            wait = self._pace.first * 2 ** min(self._short_lived, 10)
            await asyncio.sleep(min(wait, self._pace.most))

    async def _listen(
        self, ws: aiohttp.ClientWebSocketResponse, leaving: asyncio.Event
    ) -> ChannelError:
        """Take envelopes until the connection ends; why it did."""
        try:
            while True:
                message = await self._heard(ws)
                if not self._intake.stuck:
                    self._pulse.proved()
                match message.type:
                    case aiohttp.WSMsgType.TEXT:
                        await self._take(message.data, ws, leaving)
                    case aiohttp.WSMsgType.PING:
                        await ws.pong(message.data)
        except ChannelError as error:
            return error
        except (aiohttp.ClientError, OSError) as error:
            return Unreachable(f"Slack's socket broke: {type(error).__name__}")
        finally:
            await _close(ws)

    async def _heard(self, ws: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage:
        """The next frame. A line that is quiet is asked, and must answer."""
        try:
            message = await ws.receive(timeout=self._quiet_seconds)
        except TimeoutError:
            await ws.ping()
            try:
                message = await ws.receive(timeout=self._quiet_seconds)
            except TimeoutError:
                raise Unreachable("Slack's socket fell silent") from None
        if message.type in _ENDS:
            raise Unreachable("Slack closed the socket")
        return message

    async def _take(
        self, text: str, ws: aiohttp.ClientWebSocketResponse, leaving: asyncio.Event
    ) -> None:
        envelope = _decoded(text)
        if envelope.get("type") == "disconnect":
            self._disconnected(envelope.get("reason"), leaving)
        elif isinstance(envelope.get("envelope_id"), str):
            await self._room.acquire()
            _begin(self._working, self._hand_over(envelope, ws))
        elif envelope.get("type") != "hello":
            await self._intake.set_aside(text.encode(errors="replace"), "no envelope")

    def _disconnected(self, reason: object, leaving: asyncio.Event) -> None:
        _log.info("disconnect", channel=self._me.account, reason=reason)
        refusal = _refusal(reason, self._me.account)
        if refusal is not None:
            raise refusal
        # A warning, or the time is up: the new connection is there before this one ends.
        leaving.set()

    async def _hand_over(
        self, envelope: dict[str, object], ws: aiohttp.ClientWebSocketResponse
    ) -> None:
        try:
            if await self._dispatch.of_socket(envelope.get("payload")):
                await ws.send_str(orjson.dumps({"envelope_id": envelope["envelope_id"]}).decode())
        except (aiohttp.ClientError, OSError) as error:
            # It is durable; told again, it will be recognised.
            _log.info("not_acknowledged", channel=self._me.account, error=repr(error))
        finally:
            self._room.release()

    def _failed(self, error: Exception) -> None:
        self._pulse.missed(error, cut_off=True)

    async def _end(self) -> None:
        """Let what arrived be acknowledged, then close the connections."""
        if self._working:
            await asyncio.wait(self._working)
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


_ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED,
         aiohttp.WSMsgType.ERROR)  # fmt: skip


def _begin(tasks: "set[asyncio.Task[T]]", work: Coroutine[None, None, T]) -> "asyncio.Task[T]":
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


def _refusal(reason: object, account: str) -> ChannelError | None:
    """The error that a `disconnect` amounts to; None where the app shall only come again."""
    match reason:
        case "link_disabled":
            return Unauthorized(
                f"Socket Mode is off for the app of {account!r}: turn it on in the app's settings "
                'under "Socket Mode", and start again'
            )
        case "too_many_websockets":
            return Conflict(
                "the app has as many sockets as Slack allows: stop other programs that use its "
                "app-level token"
            )
    return None


def _decoded(text: str) -> dict[str, object]:
    try:
        # Half an emoji is no JSON to the fast parser; what is read of it is mended later.
        envelope = orjson.loads(text) if "\\ud" not in text.lower() else json.loads(text)
    except ValueError:
        return {}
    return envelope if isinstance(envelope, dict) else {}


async def _close(ws: aiohttp.ClientWebSocketResponse | None) -> None:
    """Without waiting for a farewell that a dead line does not send."""
    if ws is not None and not ws.closed:
        try:
            async with asyncio.timeout(1):
                await ws.close()
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass
