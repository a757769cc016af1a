"""What a command said: its beginning and its end, however much it was. Pure."""

from dataclasses import dataclass

_UNPRINTABLE = {
    code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"
}
_UNPRINTABLE |= dict.fromkeys(range(127, 160), "\N{REPLACEMENT CHARACTER}")


@dataclass(frozen=True, slots=True)
class Output:
    """The beginning and the end of a stream, and how many bytes between them were dropped."""

    head: bytes = b""
    tail: bytes = b""
    dropped: int = 0

    @property
    def text(self) -> str:
        """As text: what is no UTF-8, or would steer a terminal, is replaced by a mark."""
        if not self.dropped:
            return _readable(self.head + self.tail)
        # A character may be cut in two where bytes were dropped; its halves say nothing.
        head = _readable(self.head).rstrip("\N{REPLACEMENT CHARACTER}")
        tail = _readable(self.tail).lstrip("\N{REPLACEMENT CHARACTER}")
        return f"{head}\n[… {self.dropped} bytes left out …]\n{tail}"


class Capture:
    """Takes a stream in, and keeps at most `most` bytes of it: half its beginning, half its end."""

    __slots__ = ("_dropped", "_half", "_head", "_tail")

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    @property
    def output(self) -> Output:
        """What was kept so far."""
        return Output(bytes(self._head), bytes(self._tail), self._dropped)

    def add(self, data: bytes) -> bytes:
        """Take more in. Returns what of it belongs to the beginning."""
        room = self._half - len(self._head)
        first = data[:room] if room > 0 else b""
        self._head += first
        self._tail += data[len(first) :]
        surplus = len(self._tail) - self._half
        if surplus > 0:
            del self._tail[:surplus]
            self._dropped += surplus
        return first


def _readable(data: bytes) -> str:
    return data.decode("utf-8", "replace").translate(_UNPRINTABLE)
