"""Server-sent events, parsed as they arrive.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"
LONGEST_EVENT = 4 * 1024 * 1024
"""Bytes of one event. Longer ones are no model's words and would fill the memory."""


class EventTooLong(ValueError):
    """An event is longer than `LONGEST_EVENT`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `type` is empty where the stream names none; `data` is UTF-8, not yet decoded."""

    type: bytes
    data: bytes


class EventParser:
    """Takes a stream's bytes in pieces cut anywhere, gives back whole events.

    An event that the stream's end cuts off is never given, as the standard asks.
    """

    __slots__ = ("_after_cr", "_data", "_size", "_started", "_tail", "_type")

    def __init__(self) -> None:
        self._tail = bytearray()
        self._type = b""
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that end in this piece. Raises `EventTooLong`."""
        if not self._started:
            chunk = self._without_bom(chunk)
        if not chunk:
            return []
        if self._after_cr or b"\r" in chunk:
            chunk = self._with_plain_line_ends(chunk)
        if len(self._tail) + len(chunk) + self._size > LONGEST_EVENT and b"\n" not in chunk:
            raise EventTooLong(f"an event is longer than {LONGEST_EVENT} bytes")
        head, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._tail += chunk
            return []
        lines = (bytes(self._tail) + head).split(b"\n")
        self._tail = bytearray(rest)
        return self._interpret(lines)

    def _without_bom(self, chunk: bytes) -> bytes:
        chunk = bytes(self._tail) + chunk
        self._tail.clear()
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._tail += chunk
            return b""
        self._started = True
        return chunk.removeprefix(_BOM)

    def _with_plain_line_ends(self, chunk: bytes) -> bytes:
        # A CR ends its line at once; should the next piece begin with LF, that is the same end.
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _interpret(self, lines: list[bytes]) -> list[Event]:
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(Event(self._type, b"\n".join(self._data)))
                self._type, self._data, self._size = b"", [], 0
                continue
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._data.append(value)
                self._size += len(value)
                if self._size > LONGEST_EVENT:
                    raise EventTooLong(f"an event is longer than {LONGEST_EVENT} bytes")
            elif name == b"event":
                self._type = value
        return events
