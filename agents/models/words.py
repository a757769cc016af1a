"""What the readers of all providers share: an answer's words, and JSON from outside."""

from typing import Any

import orjson

from agents.errors import BadResponse
from agents.models.reasoning import Spoken

LONGEST_ANSWER = 1_000_000
"""Characters of an answer; a model that goes on beyond that has lost its way."""


class Words:
    """The words of an answer as they come together, without reasoning."""

    __slots__ = ("_length", "_pieces", "_spoken")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._spoken = Spoken()

    def add(self, text: str) -> str:
        """Take more words; returns those among them that people may see. Raises `BadResponse`."""
        text = self._spoken.feed(text)
        if text:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > LONGEST_ANSWER:
                raise BadResponse(f"the answer is longer than {LONGEST_ANSWER} characters")
        return text

    def finish(self) -> str:
        """All words."""
        return "".join(self._pieces) + self._spoken.finish()


def decode(data: bytes) -> dict[str, Any]:
    """An event's JSON object. Raises `BadResponse`."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _decode_damaged(data)
    if not isinstance(value, dict):
        raise BadResponse("the stream holds something that is no JSON object")
    return value


def _decode_damaged(data: bytes) -> Any:
    # Event streams are decoded with replacement (the standard's rule): a server that cuts a
    # character in two costs that character and not the answer.
    try:
        return orjson.loads(data.decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        raise BadResponse("the stream holds something that is no JSON") from None
