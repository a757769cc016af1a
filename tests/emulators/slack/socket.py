"""Socket Mode: one-time tickets, hello, envelopes and their acknowledgements, disconnect.

https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

import asyncio
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import WSMsgType, web

from tests.emulators.slack.delivery import Delivery
from tests.emulators.slack.world import APP
from tests.emulators.telegram.signal import Signal

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]
MOST = 10
"""Connections that an app may have at once."""


class SocketMode:
    """The WebSockets of the app. `refuse` answers the handshake with that status.

    While `silent` nothing is read or written, as behind a cable that was pulled out.
    """

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0
        self.open: list[web.WebSocketResponse] = []
        self.opened = 0
        self.greets = True
        self.refuse: int | None = None
        self.silent = False
        self.acks: list[str] = []
        """Envelope ids, in the order of their acknowledgements."""
        self.changed = Signal()

    def new_ticket(self) -> str:
        """An address that works once."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        root = self._slack.url.replace("http", "ws", 1)
        return f"{root}/link/?ticket={ticket}&app_id={APP}"

    async def connect(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if self.refuse is not None:
            return web.Response(status=self.refuse)
        if ticket not in self._tickets:
            return web.Response(status=404, text="ticket expired")
        self._tickets.discard(ticket)
        # A connection that fell silent does not answer pings either.
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        if len(self.open) >= MOST:
            await self._send(ws, {"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        self.open.append(ws)
        self.opened += 1
        try:
            if self.greets:
                await self._send(ws, self._hello())
            self.changed.changed()
            await self._read(ws)
        finally:
            self._gone(ws)
        return ws

    async def deliver(self, delivery: Delivery, attempt: int, reason: str) -> bool:
        """Send an envelope on one of the connections; whether it was acknowledged in time."""
        live = [ws for ws in self.open if not ws.closed]
        if not live:
            return False
        self._turn += 1
        envelope_id = secrets.token_hex(8)
        takes_answer = delivery.kind != "events_api"
        envelope: Json = {
            "envelope_id": envelope_id, "type": delivery.kind, "payload": delivery.payload,
            "accepts_response_payload": takes_answer,
        }  # fmt: skip
        if not takes_answer:
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        acked = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acked
        try:
            await self._send(live[self._turn % len(live)], envelope)
            async with asyncio.timeout(self._slack.deliveries.ack_seconds):
                delivery.response = await acked
        except (TimeoutError, ConnectionError):
            return False
        finally:
            del self._waiting[envelope_id]
        return True

    async def raw(self, frame: bytes | str) -> None:
        """Send a frame exactly as given on every connection."""
        for ws in self.open:
            await ws.send_str(frame if isinstance(frame, str) else frame.decode())

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to come again; after ``refresh_requested`` the connection ends."""
        for ws in list(self.open):
            # The app may have gone meanwhile.
            with suppress(ConnectionResetError):
                await self._send(ws, {
                    "type": "disconnect", "reason": reason,
                    "debug_info": {"host": "applink-emulated"},
                })  # fmt: skip
                if reason != "warning":
                    await ws.close()

    def cut(self) -> None:
        """Every connection ends without a word."""
        for ws in list(self.open):
            transport = ws._req.transport if ws._req is not None else None
            if transport is not None:
                transport.abort()

    async def connected(self, times: int = 1, timeout: float = 10.0) -> None:
        """Wait until a connection was opened `times` times in all."""
        if not await self.changed.until(lambda: self.opened >= times, timeout):
            raise AssertionError(f"{self.opened} of {times} connections were opened")

    async def close(self) -> None:
        self.silent = False
        self.cut()

    async def _read(self, ws: web.WebSocketResponse) -> None:
        async for message in ws:
            if self.silent:
                continue
            if message.type is WSMsgType.PING:
                await ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._acknowledged(orjson.loads(message.data))

    def _acknowledged(self, ack: Json) -> None:
        envelope_id = ack.get("envelope_id", "")
        self.acks.append(envelope_id)
        acked = self._waiting.get(envelope_id)
        if acked is not None and not acked.done():
            acked.set_result(ack.get("payload"))
        self.changed.changed()

    async def _send(self, ws: web.WebSocketResponse, message: Json) -> None:
        if not self.silent:
            await ws.send_str(orjson.dumps(message).decode())

    def _hello(self) -> Json:
        return {
            "type": "hello", "num_connections": len(self.open),
            "connection_info": {"app_id": APP},
            "debug_info": {
                "host": "applink-emulated", "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }  # fmt: skip

    def _gone(self, ws: web.WebSocketResponse) -> None:
        if ws in self.open:
            self.open.remove(ws)
        self.changed.changed()
