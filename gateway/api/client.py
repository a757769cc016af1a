"""The command line's end of the control socket, without an event loop: it must start fast."""

import itertools
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.admin_errors import AdminError
from gateway.api.frames import LONGEST_FRAME, Json, line, parse, result
from gateway.api.unix_socket import address

CONNECT_SECONDS = 5.0

_PIECE = LONGEST_FRAME // 8
"""Characters of a longer text in one line: each may take six bytes when it is written as JSON."""


class ControlClient:
    """A connection to a running gateway; close it, or use it as a context."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._ids = itertools.count(1)

    @classmethod
    def connect(cls, path: Path, *, seconds: float = CONNECT_SECONDS) -> Self | None:
        """The gateway at this socket; None when none is running. Raises `AdminError`."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            with address(path) as name:
                connection.connect(name)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            connection.close()
            return None
        except PermissionError as error:
            connection.close()
            raise AdminError("not_allowed", f"{path} belongs to another user") from error
        except OSError as error:
            connection.close()
            raise AdminError("gateway_down", f"the gateway does not answer: {error}") from error
        connection.settimeout(None)
        return cls(connection)

    def call(self, operation: str, given: Json | None = None, timeout: float | None = None) -> Json:
        """Have something done; waits as long as it takes, or `timeout` seconds.

        Raises `AdminError`: as the gateway refused it, or ``gateway_down`` when it went away.
        """
        self._connection.settimeout(timeout)
        request = next(self._ids)
        try:
            self._connection.sendall(line({"id": request, "do": operation, "with": given or {}}))
            raw = self._lines.readline(64 * LONGEST_FRAME)
        except TimeoutError as error:
            raise AdminError("gateway_down", "the gateway does not answer in time") from error
        except OSError as error:
            raise AdminError("gateway_down", f"the gateway went away: {error}") from error
        if not raw.endswith(b"\n"):
            raise AdminError("gateway_down", "the gateway went away before it answered")
        return result(parse(raw))

    def put(self, text: str) -> None:
        """Put a text of any length aside for the next call, which has it as `lines`."""
        for start in range(0, len(text), _PIECE):
            self.call("put", {"text": text[start : start + _PIECE]})

    def close(self) -> None:
        """End the connection."""
        self._lines.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
