"""The gateway: sessions, the connections that they live on, and what a test does to them.

https://docs.discord.com/developers/events/gateway
"""

import asyncio
import secrets
import zlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import WSMsgType, web

from tests.emulators.discord.messages import as_seen_by
from tests.emulators.discord.world import MESSAGE_CONTENT, Bot
from tests.emulators.telegram.signal import Signal

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
_PRIVILEGED = MESSAGE_CONTENT | 1 << 1 | 1 << 8
_KNOWN_INTENTS = (1 << 26) - 1
_REPLAYED = 5_000
"""Events that are kept for a session that resumes."""

_ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})

_INTENTS = {
    "MESSAGE": (1 << 9, 1 << 12), "MESSAGE_REACTION": (1 << 10, 1 << 13),
    "TYPING": (1 << 11, 1 << 14), "GUILD": (1 << 0, 0), "CHANNEL": (1 << 0, 1 << 0),
    "THREAD": (1 << 0, 0),
}  # fmt: skip
"""What lets an event through, in guilds and in private; the others always come."""


class Closed(Exception):
    """The connection has to end with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(eq=False)
class Session:
    """What is told to one bot; it survives its connection."""

    id: str
    bot: Bot
    intents: int
    sequence: int = 0
    kept: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_REPLAYED))
    connection: "Connection | None" = None

    def tell(self, event: str, data: Json) -> None:
        """Dispatch an event; it is sent when there is a connection."""
        self.sequence += 1
        frame = orjson.dumps({"op": 0, "t": event, "s": self.sequence, "d": data})
        self.kept.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.send(frame)


class Connection:
    """One WebSocket. Frames leave in order, compressed if that was asked for."""

    def __init__(self, gateway: "Gateway", socket: web.WebSocketResponse, query: Json) -> None:
        self.socket = socket
        self.session: Session | None = None
        self.frozen = False
        """Half open: nothing is read, nothing is sent, and nobody is told."""
        self.mute = False
        """Heartbeats are not acknowledged."""
        self._ending = False
        self._gateway = gateway
        self._deflate = zlib.compressobj() if query.get("compress") == "zlib-stream" else None
        self._out: asyncio.Queue[bytes | Closed] = asyncio.Queue()

    def send(self, frame: bytes) -> None:
        """Send bytes of JSON (or of whatever a test wants)."""
        self._out.put_nowait(frame)

    def op(self, op: int, data: Any = None) -> None:
        self.send(orjson.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """End after what is on its way."""
        self._out.put_nowait(Closed(code))

    def drop(self) -> None:
        """The connection is gone without a word."""
        transport = self._gateway.transport(self)
        if transport is not None:
            transport.abort()

    async def run(self) -> None:
        """Speak until one side ends it."""
        self.op(10, {"heartbeat_interval": self._gateway.heartbeat_ms, "_trace": ["emulator"]})
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            if self._ending:
                # The closing handshake is under way; broken off, its code would be lost.
                await asyncio.wait([writer], timeout=2)
            writer.cancel()
            await asyncio.wait([writer])
            if self.session is not None and self.session.connection is self:
                self.session.connection = None

    async def _write(self) -> None:
        while True:
            frame = await self._out.get()
            if self.frozen:
                await self._gateway.thawed.wait()
            if isinstance(frame, Closed):
                self._ending = True
                await self.socket.close(code=frame.code)
                return
            try:
                if self._deflate is None:
                    await self.socket.send_str(frame.decode("utf-8", "replace"))
                else:
                    packed = self._deflate.compress(frame) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)
            except (ConnectionError, RuntimeError):
                return

    async def _read(self) -> None:
        while True:
            message = await self.socket.receive()
            if self.frozen:
                await self._gateway.thawed.wait()
            if message.type is WSMsgType.CLOSE and message.data in {1000, 1001}:
                # A client that says goodbye will not resume; one that vanishes may.
                self._gateway.forget(self)
            if message.type in _ENDS:
                return
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                continue
            try:
                self._gateway.take(self, message.data)
            except Closed as end:
                self.close(end.code)
                self._gateway.forget(self)


class Gateway:
    """Everything behind ``wss://gateway.discord.gg``."""

    def __init__(self, discord: "DiscordEmulator") -> None:
        self.heartbeat_ms = 41_250
        self.refuse = 0
        """How many of the next connections get a 503 instead."""
        self.mute = False
        """Whether new connections leave heartbeats without an answer."""
        self.identified = 0
        self.resumed = 0
        self.ops: Counter[int] = Counter()
        """How often each opcode came in."""
        self.changed = Signal()
        self.thawed = asyncio.Event()
        """Lets go of what is frozen, at the end."""
        self.sessions: dict[str, Session] = {}
        self._discord = discord
        self._connections: dict[Connection, web.BaseRequest] = {}
        self._take: dict[int, Callable[[Connection, Any], None]] = {
            1: self._heartbeat, 2: self._identify, 6: self._resume, 8: self._members,
        }  # fmt: skip

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One connection, from its upgrade to its end."""
        if self.refuse > 0:
            self.refuse -= 1
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, autoping=True)
        await socket.prepare(request)
        connection = Connection(self, socket, dict(request.query))
        connection.mute = self.mute
        self._connections[connection] = request
        self.changed.changed()
        try:
            await connection.run()
        finally:
            del self._connections[connection]
            self.changed.changed()
        return socket

    # What a client says ----------------------------------------------------------------------

    def take(self, connection: Connection, raw: str | bytes) -> None:
        """Raises `Closed` where Discord would end the connection."""
        try:
            payload = orjson.loads(raw)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            raise Closed(4002) from None
        self.ops[op] += 1
        if op in {3, 4, 31}:
            return
        handler = self._take.get(op)
        if handler is None:
            raise Closed(4001)
        if op not in {1, 2, 6} and connection.session is None:
            raise Closed(4003)
        handler(connection, data)
        self.changed.changed()

    def _heartbeat(self, connection: Connection, _data: Any) -> None:
        if not connection.mute:
            connection.op(11)

    def _identify(self, connection: Connection, data: Any) -> None:
        if connection.session is not None:
            raise Closed(4005)
        bot = self._bot(data)
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~_KNOWN_INTENTS:
            raise Closed(4013)
        if intents & _PRIVILEGED & ~bot.intents:
            raise Closed(4014)
        session = Session(secrets.token_hex(16), bot, intents, connection=connection)
        self.sessions[session.id] = session
        connection.session = session
        self.identified += 1
        session.tell("READY", {
            "v": 10, "user": bot.as_me(), "session_id": session.id, "session_type": "normal",
            "guilds": [{"id": str(g.id), "unavailable": True} for g in bot.guilds],
            "resume_gateway_url": self._discord.gateway_url, "shard": [0, 1],
            "application": {"id": str(bot.id), "flags": bot.as_application()["flags"]},
            "private_channels": [], "relationships": [], "presences": [], "user_settings": {},
            "geo_ordered_rtc_regions": [], "guild_join_requests": [], "_trace": ["emulator"],
        })  # fmt: skip
        for guild in bot.guilds:
            session.tell("GUILD_CREATE", guild.as_created(bot))

    def _resume(self, connection: Connection, data: Any) -> None:
        bot = self._bot(data)
        session = self.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if session is None or session.bot is not bot:
            connection.op(9, False)
            return
        oldest = session.kept[0][0] if session.kept else session.sequence + 1
        if not isinstance(sequence, int) or not oldest - 1 <= sequence <= session.sequence:
            raise Closed(4007)
        connection.session, session.connection = session, connection
        self.resumed += 1
        for number, frame in session.kept:
            if number > sequence:
                connection.send(frame)
        session.tell("RESUMED", {"_trace": ["emulator"]})

    def _members(self, connection: Connection, data: Any) -> None:
        assert connection.session is not None
        chunk = {
            "guild_id": str(data.get("guild_id")), "members": [], "chunk_index": 0,
            "chunk_count": 1, "not_found": [],
        }  # fmt: skip
        connection.session.tell("GUILD_MEMBERS_CHUNK", chunk)

    def _bot(self, data: Any) -> Bot:
        token = data.get("token") if isinstance(data, dict) else None
        bot = self._discord.world.bots.get(str(token).removeprefix("Bot "))
        if bot is None:
            raise Closed(4004)
        return bot

    # What Discord says -----------------------------------------------------------------------

    def tell(self, bot: Bot, event: str, data: Json, *, private: bool = False) -> None:
        """Dispatch an event to a bot's sessions that have the intent for it."""
        words = event.split("_")
        needed = _INTENTS.get("_".join(words[:2])) or _INTENTS.get(words[0])
        for session in self.sessions.values():
            if session.bot is not bot:
                continue
            if needed is not None and not session.intents & needed[private] and needed[private]:
                continue
            if event in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
                session.tell(event, as_seen_by(bot, data, session.intents))
            else:
                session.tell(event, data)

    # What a test does ------------------------------------------------------------------------

    @property
    def connections(self) -> list[Connection]:
        return list(self._connections)

    def transport(self, connection: Connection) -> Any:
        request = self._connections.get(connection)
        return request.transport if request is not None else None

    def reconnect(self) -> None:
        """Op 7 to everybody."""
        for connection in self._connections:
            connection.op(7)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9 to everybody; unless `resumable`, the sessions are forgotten."""
        for connection in self._connections:
            connection.op(9, resumable)
            if not resumable:
                self.forget(connection)

    def close(self, code: int) -> None:
        """Close every connection with a code."""
        for connection in self._connections:
            connection.close(code)

    def drop(self) -> None:
        """Cut every connection."""
        for connection in list(self._connections):
            connection.drop()

    def freeze(self) -> None:
        """Every connection is half open from now on."""
        for connection in self._connections:
            connection.frozen = True

    def raw(self, frame: bytes) -> None:
        """Send a frame as it is."""
        for connection in self._connections:
            connection.send(frame)

    def forget_sessions(self) -> None:
        """Nobody can resume."""
        self.sessions = {i: s for i, s in self.sessions.items() if s.connection is not None}

    def forget(self, connection: Connection) -> None:
        """This connection's session cannot be resumed."""
        if connection.session is not None:
            self.sessions.pop(connection.session.id, None)

    async def until(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait for something about connections, sessions or opcodes. Raises AssertionError."""
        assert await self.changed.until(condition, timeout), (
            f"{len(self._connections)} connections, {self.identified} identified, "
            f"{self.resumed} resumed, ops {dict(self.ops)}"
        )

    async def stop(self) -> None:
        """End every connection at once."""
        self.thawed.set()
        self.drop()
        await self.changed.until(lambda: not self._connections, 5)
        self.thawed.clear()
