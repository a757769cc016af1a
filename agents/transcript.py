"""What a model sees of a conversation.

A transcript only grows, and keeps each provider's encoding of what is in it, so that a turn costs
what is new in it and not the length of the conversation.
"""

from binascii import b2a_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from state.history import ToolCall


@dataclass(frozen=True)
class Media:
    """The content of a file that came with a message, for models that take it as it is.

    `mime` is what the content was recognised as, and not what its sender says. `title` is the
    name people see.
    """

    mime: str
    data: bytes = field(repr=False)
    title: str = ""

    @property
    def ability(self) -> str:
        """What a model must take to be shown this: one of `Model.takes`."""
        return "image" if self.mime.startswith("image/") else self.mime.rpartition("/")[2]

    @cached_property
    def base64(self) -> bytes:
        """The content as every provider wants it. Made once: a turn may ask several models."""
        return b2a_base64(self.data, newline=False)

    def prepare(self) -> None:
        """Make `base64` now, one file at a time, and not all of a conversation's in one go."""
        _ = self.base64

    def size(self) -> int:
        """Bytes that it holds, in both forms."""
        return len(self.data) * 7 // 3


@dataclass(frozen=True, slots=True)
class UserSays:
    """Words from the people in the conversation, and what came with them.

    A model that does not take some of the media is told so in words.
    """

    text: str
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class AssistantSays:
    """Words of the model, and the tools it asked for."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one call of a step came to.

    `arguments` is what is remembered of the call's, where that is not all of them. `foreign` says
    that the content is material from outside, in which nothing is an instruction.
    """

    call: str
    name: str
    content: str
    failed: bool = False
    arguments: str | None = None
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class ToolsSay:
    """The results of all the calls of one step, in the calls' order."""

    results: tuple[ToolResult, ...]


Said = UserSays | AssistantSays | ToolsSay


def sendable(text: str) -> str:
    """The text as it can be sent: half a surrogate pair, which JSON can smuggle in, cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_BLOCK = 64 * 1024


class _Encoding:
    """What a dialect made of the first `count` parts: sealed blocks, and a tail that still grows.

    Blocks never change, so a request under way can hold them while the transcript grows.
    """

    __slots__ = ("blocks", "count", "tail")

    def __init__(self) -> None:
        self.count = 0
        self.blocks: list[bytes] = []
        self.tail = bytearray()

    def append(self, encoded: bytes) -> None:
        if self.tail or self.blocks:
            self.tail += b","
        if len(encoded) < _BLOCK:
            self.tail += encoded
        if len(self.tail) >= _BLOCK or len(encoded) >= _BLOCK:
            self._seal()
        if len(encoded) >= _BLOCK:
            # An image: as it is, and not copied once more.
            self.blocks.append(encoded)

    def _seal(self) -> None:
        if self.tail:
            self.blocks.append(bytes(self.tail))
            self.tail.clear()

    def size(self) -> int:
        return sum(map(len, self.blocks)) + len(self.tail)


class Transcript:
    """An append-only sequence of what was said, oldest first."""

    __slots__ = ("_encodings", "_media", "_said")

    def __init__(self, said: Iterable[Said] = ()) -> None:
        self._said: list[Said] = []
        self._media: list[Media] = []
        self._encodings: dict[str, _Encoding] = {}
        self.extend(said)

    def __len__(self) -> int:
        return len(self._said)

    def __iter__(self) -> Iterator[Said]:
        return iter(self._said)

    def __reversed__(self) -> Iterator[Said]:
        return reversed(self._said)

    def extend(self, said: Iterable[Said]) -> None:
        """Append what was said since."""
        for each in said:
            self._said.append(each)
            if isinstance(each, UserSays):
                self._media += each.media

    @property
    def media(self) -> Sequence[Media]:
        """All media in it, oldest first."""
        return self._media

    def encoded(self, dialect: str, encode: Callable[[Said], bytes]) -> list[bytes]:
        """The whole as a JSON array's inside (``{…},{…}``) in a provider's dialect, in pieces.

        `encode` must give one or more comma-separated JSON objects, always the same for the same
        input: what it gave before is kept under the dialect's name. The pieces are to be sent one
        after the other as they are; joining them would copy the whole conversation.
        """
        kept = self._encodings.setdefault(dialect, _Encoding())
        if kept.count < len(self._said):
            # Encoded apart first: should `encode` raise, what is kept still fits its count.
            for encoded in [encode(said) for said in self._said[kept.count :]]:
                kept.append(encoded)
            kept.count = len(self._said)
        return [*kept.blocks, bytes(kept.tail)] if kept.tail else list(kept.blocks)

    def size(self) -> int:
        """Bytes held by media and encodings: what a cache of transcripts is bounded by."""
        media = sum(each.size() for each in self._media)
        return media + sum(kept.size() for kept in self._encodings.values())
