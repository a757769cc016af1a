"""Writes log lines from a thread of its own, so that a stalled reader never stalls the gateway."""

import atexit
import threading
from collections import deque
from typing import BinaryIO

LONGEST_QUEUE = 10_000


class LogWriter:
    """A bounded queue of lines in front of a stream; when it is full, the oldest lines go.

    How many went is written in their place. A stream that fails is given up in silence: there is
    nowhere left to say so.
    """

    def __init__(self, stream: BinaryIO, *, most: int = LONGEST_QUEUE) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque()
        self._most = most
        self._lost = 0
        self._wake = threading.Condition()
        self._closed = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="argent-log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, line: bytes) -> None:
        """Take a line, which needs no newline."""
        with self._wake:
            if len(self._lines) >= self._most:
                self._lines.popleft()
                self._lost += 1
            self._lines.append(line)
            if not self._busy:
                self._wake.notify()

    def close(self, timeout: float = 2.0) -> None:
        """Write what is queued, within `timeout` seconds, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout)
        atexit.unregister(self.close)

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            try:
                self._stream.write(batch)
                self._stream.flush()
            except (OSError, ValueError):
                continue

    def _next(self) -> bytes | None:
        with self._wake:
            self._busy = False
            self._wake.wait_for(lambda: bool(self._lines) or self._closed)
            if not self._lines:
                return None
            self._busy = True
            lines, self._lines = self._lines, deque()
            lost, self._lost = self._lost, 0
        if lost:
            lines.appendleft(b'{"event":"%d log lines were lost: the reader was too slow"}' % lost)
        return b"\n".join(lines) + b"\n"
