"""The control socket: how the command line reaches a running gateway.

A Unix socket in the state folder, for its owner alone. A client can neither delay the gateway nor
make it hold much: a line is at most 1 MB, and who does not read is closed.
"""

import asyncio
import contextlib
import os
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import structlog

from channels.loopback import LOCAL_CHAT, LoopbackChannel
from gateway import logs
from gateway.admin import Admin
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.admin_live import Live
from gateway.api.chat_stream import ChatStream
from gateway.api.frames import LONGEST_FRAME, Json, done, line, parse, refused
from gateway.api.operations import carry_out
from gateway.api.unix_socket import address
from gateway.clock import Clock
from gateway.feed import Feed
from gateway.life import Life
from gateway.paths import socket_file
from gateway.people import People
from state.files.receipts import Receipts
from state.store import Ledger, Sessions, StorageFailed

MOST_UNREAD = 4 * LONGEST_FRAME
"""Bytes that may wait for a client before it is closed."""

MOST_PUT = 64 * 1024 * 1024
"""Characters that a client may put aside for its next request."""

MOST_REQUESTS = 64
"""Requests of one client that run at once; more are read when one is done."""

_log = structlog.get_logger("control")


class Served(Live, Protocol):
    """A running gateway, as far as it is served here."""

    sessions: Sessions
    ledger: Ledger
    feed: Feed
    terminal: LoopbackChannel
    people: People

    @property
    def life(self) -> Life:
        """Moves sessions through their lifecycle."""


class ControlServer:
    """Serves operators' requests and chats on a state folder. `start` it, and `stop` it."""

    def __init__(self, gateway: Served, state_dir: Path, *, clock: Clock | None = None) -> None:
        self._path = socket_file(state_dir)
        self._gateway = gateway
        self._admin = Admin(
            sessions=gateway.sessions,
            ledger=gateway.ledger,
            life=gateway.life,
            clock=clock or Clock(),
            receipts=Receipts(state_dir),
            live=gateway,
            everybody=lambda: gateway.people,
            forget_log=logs.forget,
        )
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. A socket that a dead gateway left is replaced: the lock says that it is dead.

        Raises `StorageFailed` where there can be no socket, or its folder is not ours alone.
        """
        try:
            listening = _bind(self._path)
        except OSError as error:
            raise StorageFailed(f"cannot listen to commands at {self._path}: {error}") from error
        self._server = await asyncio.start_unix_server(
            self._accept, sock=listening, limit=LONGEST_FRAME
        )

    async def stop(self) -> None:
        """Close every connection and remove the socket."""
        if self._server is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            # The next start replaces it; what is still to be done at this one's end is worth more.
            _log.warning("socket_not_removed", error=str(error))
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._clients.add(task)
        try:
            if _is_owner(writer.get_extra_info("socket")):
                await _Connection(self._gateway, self._admin, reader, writer).serve()
            else:
                _log.warning("stranger_refused")
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception:
            _log.exception("client_broke")
        finally:
            self._clients.discard(task)
            writer.close()


class _Connection:
    """One client: its requests run beside each other, so a long one does not hold up a chat."""

    def __init__(
        self,
        gateway: Served,
        admin: Admin,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._gateway = gateway
        self._admin = admin
        self._reader = reader
        self._writer = writer
        self._stream: ChatStream | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._put: list[str] = []

    async def serve(self) -> None:
        """Answer until the client leaves."""
        try:
            while raw := await self._line():
                if len(self._tasks) >= MOST_REQUESTS:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                self._begin(raw)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:
            error = AdminError("usage", f"a line may be {LONGEST_FRAME} bytes long")
            self._send(refused(None, error))
            return b""

    def _begin(self, raw: bytes) -> None:
        try:
            request = parse(raw)
        except AdminError as error:
            self._send(refused(None, error))
            return
        task = asyncio.create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Json) -> None:
        name = request.get("id")
        given = request.get("with", {})
        try:
            match request.get("do"):
                case "chat":
                    await self._chat(name, given)
                case "say":
                    self._send(done(name, await self._say(given)))
                case "put":
                    self._send(done(name, self._put_aside(given)))
                case operation:
                    given = self._with_lines(given)
                    self._send(done(name, await carry_out(self._admin, operation, given)))
        except AdminError as error:
            self._send(refused(name, error))
        except Exception as error:
            _log.exception("operation_broke", operation=str(request.get("do")))
            self._send(refused(name, AdminError("failed", type(error).__name__, "see the log")))

    async def _chat(self, name: object, given: Json) -> None:
        if self._stream is not None:
            raise AdminError("usage", "this connection is in a chat already")
        self._stream = ChatStream(
            self._gateway.terminal,
            self._gateway.feed,
            lambda frame: self._send({"id": name, **frame}),
            chat=_text(given, "chat", LOCAL_CHAT),
        )
        self._send(done(name, {}))
        await self._stream.run()

    async def _say(self, given: Json) -> Json:
        text = _text(given, "text", "")
        if not text.strip():
            raise AdminError("usage", "nothing was said")
        source = _text(given, "source", uuid4().hex)
        if self._stream is not None:
            self._stream.said(source)
        chat = _text(given, "chat", LOCAL_CHAT)
        with as_admin_errors():
            await self._gateway.terminal.say(text, chat=chat, source=source)
        return {"source": source}

    def _put_aside(self, given: Json) -> Json:
        """Keep a piece of a text that is too long for a line, for this client's next request."""
        self._put.append(_text(given, "text", ""))
        size = sum(map(len, self._put))
        if size > MOST_PUT:
            self._put.clear()
            hint = "stop the gateway, do it without one, and start it again: argent gateway stop"
            raise AdminError("usage", f"a running gateway takes {MOST_PUT} characters", hint)
        return {"kept": size}

    def _with_lines(self, given: object) -> object:
        if not self._put or not isinstance(given, dict):
            return given
        lines, self._put = "".join(self._put), []
        return given | {"lines": lines}

    def _send(self, value: Json) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(line(value))
        if self._writer.transport.get_write_buffer_size() > MOST_UNREAD:
            _log.warning("slow_client_closed")
            self._writer.transport.abort()


def _text(given: object, name: str, default: str) -> str:
    value = given.get(name, default) if isinstance(given, dict) else None
    if not isinstance(value, str) or not (value or name == "text"):
        raise AdminError("usage", f"{name} must be a text")
    return value


def _bind(path: Path) -> socket.socket:
    """A socket that only its owner can reach, from the moment it exists."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.geteuid() or not stat.S_ISDIR(folder.st_mode):
        raise PermissionError(f"{path.parent} belongs to somebody else; set XDG_RUNTIME_DIR")
    if stat.S_IMODE(folder.st_mode) & 0o077:
        path.parent.chmod(0o700)
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError("something that is no socket is in the way; remove it")
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with address(path) as name:
            listening.bind(name)
        path.chmod(0o600)
    except OSError:
        listening.close()
        raise
    return listening


def _is_owner(connection: socket.socket) -> bool:
    """Whether the process at the other end is ours or root's (unix(7), SO_PEERCRED).

    Where the system does not say, the modes of the socket and its folder keep others out.
    """
    if sys.platform != "linux":
        return True
    size = struct.calcsize("3i")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, user, _ = struct.unpack("3i", raw)
    return user in (0, os.geteuid())
