"""A request's body: mostly the conversation, which is sent as it was kept and never joined."""

from collections.abc import Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from agents.models.model import ModelRequest
from agents.transcript import Said

Encode = Callable[[Said], bytes]
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


def messages_field(
    request: ModelRequest,
    dialect: str,
    encode: Encode,
    *,
    before: Sequence[bytes] = (),
    encode_last: Encode | None = None,
) -> list[bytes]:
    """The pieces of ``,"messages":[…]}``.

    The transcript's part is what it kept from earlier turns: only the messages of this turn are
    encoded here, the last one with `encode_last`. `before` are encoded messages that come first.
    """
    last = len(request.turn) - 1
    turn = [
        (encode_last if encode_last is not None and position == last else encode)(said)
        for position, said in enumerate(request.turn)
    ]
    parts = [[each] for each in before]
    if earlier := request.transcript.encoded(dialect, encode):
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
