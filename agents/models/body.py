"""The end of a request's body, which holds the conversation."""

from collections.abc import Callable, Sequence

from agents.models.model import ModelRequest
from agents.transcript import Said

Encode = Callable[[Said], bytes]


def messages_field(
    request: ModelRequest,
    dialect: str,
    encode: Encode,
    *,
    before: Sequence[bytes] = (),
    encode_last: Encode | None = None,
) -> list[bytes | bytearray]:
    """The pieces of ``,"messages":[…]}``, to be joined once with the rest of the body.

    The transcript's part is what it kept from earlier turns: only the messages of this turn are
    encoded here, the last one with `encode_last`. `before` are encoded messages that come first.
    """
    messages: list[bytes | bytearray] = list(before)
    if earlier := request.transcript.encoded(dialect, encode):
        messages.append(earlier)
    last = len(request.turn) - 1
    for position, said in enumerate(request.turn):
        one = encode_last if encode_last is not None and position == last else encode
        messages.append(one(said))
    pieces: list[bytes | bytearray] = [b',"messages":[']
    for message in messages:
        pieces += (message, b",")
    if messages:
        pieces.pop()
    pieces.append(b"]}")
    return pieces
