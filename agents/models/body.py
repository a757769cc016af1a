"""A request's body: mostly the conversation, which is sent as it was kept and never joined."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from agents.models.model import ModelRequest
from agents.transcript import Said

Encode = Callable[[Said], bytes]
EncodeFor = Callable[[Said, Collection[str]], bytes]
_SMALL = 16 * 1024


class Body(aiohttp.Payload):
    """JSON in pieces. They are written one by one: the loop serves other chats in between."""

    _autoclose = True

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__(_gathered(pieces), content_type="application/json")
        self._size = sum(map(len, self._value))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole as text."""
        return b"".join(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write every piece."""
        for piece in self._value:
            await writer.write(piece)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write every piece; the length that is announced is always the whole."""
        await self.write(writer)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a part of a conversation is written for a model; `encode_last` is for the last one.

    What a transcript keeps of it, it keeps under `name`, which differs where a model is shown
    other media.
    """

    name: str
    encode: Encode
    encode_last: Encode

    @classmethod
    def of(
        cls, name: str, encode: EncodeFor, takes: Collection[str], *, last: EncodeFor | None = None
    ) -> "Dialect":
        """The dialect as a model is written to that takes these media."""

        def each(said: Said) -> bytes:
            return encode(said, takes)

        def ending(said: Said) -> bytes:
            return (last or encode)(said, takes)

        return cls("+".join([name, *sorted(takes)]), each, ending)


def messages_field(
    request: ModelRequest, dialect: Dialect, *, before: Sequence[bytes] = ()
) -> list[bytes]:
    """The pieces of ``,"messages":[…]}``.

    The transcript's part is what it kept from earlier turns: only the messages of this turn are
    encoded here. `before` are encoded messages that come first.
    """
    last = len(request.turn) - 1
    turn = [
        dialect.encode_last(said) if position == last else dialect.encode(said)
        for position, said in enumerate(request.turn)
    ]
    parts = [[each] for each in before]
    if earlier := request.transcript.encoded(dialect.name, dialect.encode):
        parts.append(earlier)
    parts += [[each] for each in turn]
    pieces = [b',"messages":[']
    for number, part in enumerate(parts):
        if number:
            pieces.append(b",")
        pieces += part
    pieces.append(b"]}")
    return pieces


def _gathered(pieces: Sequence[bytes]) -> list[bytes]:
    """The same bytes in fewer pieces: neighbours that are small are joined."""
    gathered: list[bytes] = []
    small: list[bytes] = []
    for piece in pieces:
        if len(piece) < _SMALL:
            small.append(piece)
            continue
        if small:
            gathered.append(b"".join(small))
            small = []
        gathered.append(piece)
    if small:
        gathered.append(b"".join(small))
    return gathered
