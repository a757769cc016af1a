"""A service manager that listens, as systemd does: every datagram is kept."""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.acceptance.gateway_process import PATIENCE, Launch, Process, launched
from tests.emulators.telegram.signal import Signal


class Overseer:
    """Listens at a socket; an abstract one where there is no `folder`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[str] = []
        self._changed = Signal()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    @classmethod
    def at(cls, folder: Path) -> Self:
        """One that listens in a folder."""
        return cls(str(folder / "notify"))

    async def __aenter__(self) -> Self:
        self._socket.bind(self.address.replace("@", "\0", 1))
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def launching(self, **more: str) -> Launch:
        """Starts processes as services of this manager."""

        async def launch(arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
            told = {"NOTIFY_SOCKET": self.address, **more}
            return await launched(arguments, {**environment, **told})

        return launch

    @property
    def lines(self) -> list[str]:
        """Every assignment that was heard, in order."""
        return [line for datagram in self.heard for line in datagram.splitlines()]

    @property
    def status(self) -> str:
        """What ``systemctl status`` would show."""
        said = [line for line in self.lines if line.startswith("STATUS=")]
        return said[-1].removeprefix("STATUS=") if said else ""

    def fed(self) -> int:
        """How often the watchdog was fed."""
        return self.lines.count("WATCHDOG=1")

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Whether a condition on what was heard came to hold."""
        return await self._changed.until(condition, seconds)

    async def hears(self, line: str) -> None:
        """Wait until this was said."""
        assert await self.until(lambda: line in self.lines), f"not among {self.lines}"

    def _read(self) -> None:
        while True:
            try:
                datagram = self._socket.recv(4096)
            except BlockingIOError:
                break
            self.heard.append(datagram.decode())
        self._changed.changed()
