"""Writes log lines from a thread of its own, so that a stalled reader never stalls the gateway."""

import atexit
import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import orjson

from gateway.log_files import LogFile

LONGEST_QUEUE = 10_000


class Line(NamedTuple):
    """A line as a stream shows it, and as a file keeps it, or not; without a newline at its end."""

    shown: bytes | None
    kept: bytes | None


Own = Callable[[str], Line]
"""Makes a line of what the writer itself has to say."""


def plain(text: str) -> Line:
    """The barest line."""
    line = orjson.dumps({"event": text})
    return Line(line, line)


class LogWriter:
    """A bounded queue of lines in front of a stream, and of a file where there is one.

    When it is full, the oldest lines go, and how many went is written in their place. So it is with
    a file that cannot be written, which is said on the stream, once until it can. A stream that
    fails is given up in silence: there is nowhere left to say so.
    """

    def __init__(
        self,
        stream: BinaryIO,
        file: LogFile | None = None,
        *,
        most: int = LONGEST_QUEUE,
        own: Own = plain,
    ) -> None:
        self._stream = stream
        self._file = file
        self._own = own
        self._lines: deque[Line] = deque()
        self._most = most
        self._lost = 0
        self._not_kept = 0
        self._wake = threading.Condition()
        self._closed = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="argent-log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, shown: bytes | None, kept: bytes | None = None) -> None:
        """Take a line, in the forms of `Line`."""
        with self._wake:
            if len(self._lines) >= self._most:
                self._lines.popleft()
                self._lost += 1
            self._lines.append(Line(shown, kept))
            if not self._busy:
                self._wake.notify_all()

    def settle(self, timeout: float = 2.0) -> None:
        """Wait until what is queued now is written, for `timeout` seconds at most."""
        with self._wake:
            self._wake.wait_for(lambda: not (self._busy or self._lines), timeout)

    def close(self, timeout: float = 2.0) -> None:
        """Write what is queued, within `timeout` seconds, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        self._thread.join(timeout)
        atexit.unregister(self.close)

    def _run(self) -> None:
        while (lines := self._next()) is not None:
            # The file first: whoever reads of a stop on the stream finds all of it in the file.
            if self._file is not None:
                self._keep(self._file, lines)
            self._show(lines)
        if self._file is not None:
            self._file.close()

    def _show(self, lines: list[Line]) -> None:
        shown = [line.shown for line in lines if line.shown is not None]
        if not shown:
            return
        try:
            self._stream.write(b"\n".join((*shown, b"")))
            self._stream.flush()
        except (OSError, ValueError):
            return

    def _keep(self, file: LogFile, lines: list[Line]) -> None:
        kept = [line.kept for line in lines if line.kept is not None]
        missing, count = self._not_kept, len(kept)
        if missing:
            gap = self._own(f"{missing} log lines were lost: the file could not be written").kept
            kept = [gap or b"", *kept]
        try:
            file.append(kept)
        except OSError as error:
            self._not_kept += count
            if not missing:
                told = f"the log file cannot be written, lines are lost there: {error}"
                self._show([self._own(told)])
            return
        if missing:
            self._not_kept = 0
            self._show([self._own(f"the log file is written again; it lacks {missing} lines")])

    def _next(self) -> list[Line] | None:
        with self._wake:
            self._busy = False
            # Whoever waits for it to settle hears of it here.
            self._wake.notify_all()
            self._wake.wait_for(lambda: bool(self._lines) or self._closed)
            if not self._lines:
                return None
            self._busy = True
            lines, self._lines = list(self._lines), deque()
            lost, self._lost = self._lost, 0
        if lost:
            lines.insert(0, self._own(f"{lost} log lines were lost: the reader was too slow"))
        return lines
