"""Tells the service manager how the process is: the protocol of sd_notify(3).

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from typing import Self

import structlog

_MICRO = 1_000_000
_EXTENSION = 30.0
"""Seconds that are asked for at once, three times as often as they run out."""

LONGEST_START = 3600.0
"""Seconds after which nobody is asked for more patience with a start."""

_log = structlog.get_logger("gateway")


class Notifying:
    """Says to `address` what is to be said; without one, and where that is gone, to nobody.

    Nothing waits and nothing is raised: whoever does not listen must not hurt what they manage.
    """

    def __init__(self, address: str | None) -> None:
        self._address = _socket_address(address)
        self._socket: socket.socket | None = None
        self._status = ""

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> Self:
        """What `NOTIFY_SOCKET` names. It is taken out: no tool and no server speaks for Argent."""
        return cls(environ.pop("NOTIFY_SOCKET", None))

    @property
    def listened(self) -> bool:
        """Whether there is anybody to tell."""
        return self._address is not None

    def ready(self, status: str = "") -> None:
        """The start, or a reload, is over."""
        self._send("READY=1", *self._news(status))

    def reloading(self, status: str = "") -> None:
        """The settings are read anew; `ready` says when that is over."""
        micros = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={micros}", *self._news(status))

    @contextmanager
    def reload(self) -> Iterator[None]:
        """The settings are read anew inside of it."""
        self.reloading()
        try:
            yield
        finally:
            self.ready()

    def stopping(self, seconds: float, status: str = "") -> None:
        """The process ends, in so many seconds at most."""
        self._send("STOPPING=1", _extension(seconds), *self._news(status))

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line that ``systemctl status`` shows. The same again is not sent."""
        self._send(*self._news(text))

    @asynccontextmanager
    async def patience(self, longest: float = LONGEST_START) -> AsyncIterator[None]:
        """Ask for time, again and again, while what may take long goes on: a recovery, an upgrade.

        It is asked from the event loop: a start that hangs there is not waited for.
        """
        asking = asyncio.create_task(self._ask_for_time(longest), name="patience")
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.wait([asking])

    def close(self) -> None:
        """Say nothing more."""
        self._address = None
        if self._socket is not None:
            self._socket.close()

    async def _ask_for_time(self, longest: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                while self.listened:
                    self._send(_extension(_EXTENSION))
                    await asyncio.sleep(_EXTENSION / 3)

    def _news(self, status: str) -> tuple[str, ...]:
        line = " ".join(status.split())
        if not line or line == self._status:
            return ()
        self._status = line
        return (f"STATUS={line}",)

    def _send(self, *lines: str) -> None:
        if self._address is None or not lines:
            return
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            _log.warning("not_notified", error=str(error))


def _extension(seconds: float) -> str:
    return f"EXTEND_TIMEOUT_USEC={int(seconds * _MICRO)}"


def _socket_address(named: str | None) -> str | None:
    """An absolute path, or an abstract socket's name, which begins with "@"."""
    if not named:
        return None
    if named.startswith("@"):
        return f"\0{named[1:]}"
    if named.startswith("/"):
        return named
    # A virtual machine's manager (vsock:…) has an agent inside of it that is asked instead.
    _log.warning("not_notified", error=f"NOTIFY_SOCKET={named} is no path and no abstract socket")
    return None
