"""What a model sees of a conversation.

A transcript only grows, and keeps each provider's encoding of what is in it, so that a turn costs
what is new in it and not the length of the conversation.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from state.history import ToolCall


@dataclass(frozen=True, slots=True)
class UserSays:
    """Words from the people in the conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class AssistantSays:
    """Words of the model, and the tools it asked for."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one call of a step came to."""

    call: str
    name: str
    content: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ToolsSay:
    """The results of all the calls of one step, in the calls' order."""

    results: tuple[ToolResult, ...]


Said = UserSays | AssistantSays | ToolsSay


def sendable(text: str) -> str:
    """The text as it can be sent: half a surrogate pair, which JSON can smuggle in, cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class Transcript:
    """An append-only sequence of what was said, oldest first."""

    __slots__ = ("_encoded", "_said")

    def __init__(self, said: Iterable[Said] = ()) -> None:
        self._said = list(said)
        self._encoded: dict[str, tuple[int, bytearray]] = {}

    def __len__(self) -> int:
        return len(self._said)

    def __iter__(self) -> Iterator[Said]:
        return iter(self._said)

    def __reversed__(self) -> Iterator[Said]:
        return reversed(self._said)

    def extend(self, said: Iterable[Said]) -> None:
        """Append what was said since."""
        self._said.extend(said)

    def encoded(self, dialect: str, encode: Callable[[Said], bytes]) -> bytearray:
        """The whole as a JSON array's inside (``{…},{…}``) in a provider's dialect.

        `encode` must give one or more comma-separated JSON objects, always the same for the same
        input: what it gave before is kept under the dialect's name. The kept bytes themselves are
        returned, for they can be large: copy them into the request, do not change or keep them.
        """
        count, buffer = self._encoded.get(dialect, (0, bytearray()))
        if count < len(self._said):
            # Encoded apart first: should `encode` raise, the kept bytes still fit their count.
            new = b",".join([encode(said) for said in self._said[count:]])
            if buffer:
                buffer += b","
            buffer += new
            self._encoded[dialect] = (len(self._said), buffer)
        return buffer

    def size(self) -> int:
        """Bytes held by encodings: what a cache of transcripts is bounded by."""
        return sum(len(buffer) for _, buffer in self._encoded.values())
